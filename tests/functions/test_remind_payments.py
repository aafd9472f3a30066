"""remind_payments"""
