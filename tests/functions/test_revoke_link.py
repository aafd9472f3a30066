"""revoke_link"""
