"""What belongs to a contact elsewhere: each app says how its rows move when two contacts become one."""

from collections.abc import Callable

from audience.models import Contact

Mover = Callable[[Contact, Contact], None]
_movers: list[Mover] = []


def register_mover(mover: Mover) -> None:
    """Add how an app's rows move from the second contact to the first. It runs in the transaction of the merge."""
    _movers.append(mover)


def move_rows(kept: Contact, merged: Contact) -> None:
    for mover in _movers:
        mover(kept, merged)
