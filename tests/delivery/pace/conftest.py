"""Redis, emptied."""

from delivery.pace.buckets import PREFIX, client


def forget_everything() -> None:
    """As after Redis was emptied."""
    for key in client().scan_iter(f"{PREFIX}*", count=1000):
        client().delete(key)
