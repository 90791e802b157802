"""How long data is kept: each app says of which kinds there are rules, which rows are too old, and what can be done.

Off is the default: nobody's data goes because of an upgrade. What was built in before stays built in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from audience.models import Contact, Handling
from workspaces.models import Workspace

Rows = Callable[[Workspace, datetime], "QuerySet[Any]"]
Do = Callable[["QuerySet[Any]", datetime], int]


@dataclass(frozen=True, slots=True)
class Keeping:
    """One kind of data for which there can be a rule.

    `rows` are those older than a moment that the rule still has something to do with: what was anonymised is not among
    them again. `handlings` says what can be done, and does it to a chunk of rows chosen by id; it returns how many.
    `sample` names a row in the preview. What goes in any case, rule or not, does so after `most_days`.
    """

    key: str
    label: "str | Promise"
    what: "str | Promise"
    usual_days: int
    least_days: int
    rows: Rows
    handlings: dict[Handling, Do]
    sample: Callable[[Any], str] = str
    most_days: int | None = None

    @property
    def usual_handling(self) -> Handling:
        return next(iter(self.handlings))


_keepings: dict[str, Keeping] = {}
_holds: list[Callable[[], Q]] = []


def register_keeping(keeping: Keeping) -> None:
    """Add a kind of data. Rules are shown and worked through in the order in which kinds were registered."""
    _keepings[keeping.key] = keeping


def keepings() -> Sequence[Keeping]:
    return list(_keepings.values())


def keeping(key: str) -> Keeping | None:
    return _keepings.get(key)


def register_hold(hold: Callable[[], Q]) -> None:
    """Add a condition on contacts under which no rule lets them go, such as a send that is running for them."""
    _holds.append(hold)


def free_to_go(contacts: "QuerySet[Contact]") -> "QuerySet[Contact]":
    for hold in _holds:
        contacts = contacts.exclude(hold())
    return contacts


def moment_before(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)
