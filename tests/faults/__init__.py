"""Faults, injected on purpose: what is promised in docs/sending.md, measured while something dies, stalls or lies."""
