"""How fast mail goes out: limits, warm-up, slowing down where servers ask for it, and who goes first."""
