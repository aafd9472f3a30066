"""take_mail_events"""
