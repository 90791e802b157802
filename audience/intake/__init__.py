"""Contacts, orders and events from a file, the part that workers do: take rows in chunks, say for each refused why.

A chunk is one transaction that also moves `next_line`, so a worker that dies is followed by one that goes on with the
next chunk: no row is taken twice or lost. The lease is also the fence: a worker that was only slow finds it changed by
its follower, and its chunk is undone.
"""

from audience.intake.reading import CHUNK
from audience.intake.running import BUDGET, LEASE, run_import

__all__ = ["BUDGET", "CHUNK", "LEASE", "run_import"]
