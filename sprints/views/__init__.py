"""Pages of the sprints app, one module a noun."""
