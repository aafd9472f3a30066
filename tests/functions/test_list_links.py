"""list_links"""
