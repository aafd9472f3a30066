"""Measured claims (perf.md): our functions beside their peers, each ratio taken in one run."""
