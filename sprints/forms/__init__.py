"""Forms of the sprints pages, one module a noun."""
