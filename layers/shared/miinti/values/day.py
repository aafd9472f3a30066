"""Days as they are told: ``YYYY-MM-DD`` (RFC 3339, full-date)."""

import datetime as dt


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar in that form."""
    try:
        return len(text) == 10 and dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
