"""The ERP's way in: layouts, checks of rows and files, reports."""
