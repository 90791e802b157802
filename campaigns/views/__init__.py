"""Pages of the campaigns app, one module a noun."""
