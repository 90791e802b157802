"""Verbs of planning poker, by noun: decks, sessions, seats, votes, rounds, and the link for guests."""
