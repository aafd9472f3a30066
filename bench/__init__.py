"""Measured claims: our functions beside their peers, each ratio taken in one run."""
