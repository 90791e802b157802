"""Verbs on stories, sprints, approvals and retrospectives; one module a noun, imported by full name."""
