"""Vouchers, withholdings, quotes and work orders: rows, orders, filters, files."""
