"""A workspace's name, colour and logo, as the people it writes to see them."""
