"""open_link"""
