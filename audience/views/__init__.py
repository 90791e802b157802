"""Pages of the audience app, one module a noun."""
