"""Pages of the strategy app, one module a noun."""
