"""Electronic payment: what is owed, payments and their attempts, and the providers behind them."""
