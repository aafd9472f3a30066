"""show_notifications"""
