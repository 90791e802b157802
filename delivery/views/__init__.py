"""Pages of the delivery app, one module a noun."""
