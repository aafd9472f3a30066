"""change_notifications"""
