"""What every function of miINTI shares. See docs/architecture.md for who may import whom."""
