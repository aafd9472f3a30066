"""People: accounts, passwords, sessions, throttles."""
