"""Values: immutable, checked when made, no I/O. Each raises ``errors.Invalid`` with a stable code."""
