"""What goes when a person is erased: each app says what it holds, what becomes of it, and why.

Whatever refers to a contact by a cascading key goes with the contact without being registered. What must stay without
the person, and what is found by the address alone, is registered here. Texts that merely name the person are found by
looking through all of them (`audience.erasing.traces`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workspaces.models import Workspace

REDACTED = "[erased]"
"""Stands where a text named the person."""


class Fate(models.TextChoices):
    """What becomes of something of the person."""

    DELETED = "deleted", _("Deleted")
    ANONYMISED = "anonymised", _("Stays without the person")
    KEPT = "kept", _("Kept")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is erased. `addresses` are normalised, `written` as people wrote them; `names` have at least two words.

    `contact_id` is None for somebody of whom only an address is known. `own_ids` are those by which other systems know
    the person.
    """

    workspace: Workspace
    contact_id: int | None
    addresses: tuple[str, ...]
    written: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    own_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of data about a person, and what an erasure does with it.

    `count` says how much there is; `erase` does it, in the transaction in which the contact goes and before it goes,
    and returns how many rows it touched. Doing it twice must be harmless.
    """

    key: str
    label: "str | Promise"
    fate: Fate
    why: "str | Promise"
    count: Callable[[Person], int]
    erase: Callable[[Person, datetime], int]


@dataclass(slots=True)
class _Known:
    """What apps registered."""

    parts: dict[str, Part] = field(default_factory=dict)
    writings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wholes: dict[str, Mapping[str, object]] = field(default_factory=dict)
    sealed: dict[str, "str | Promise"] = field(default_factory=dict)


_known = _Known()


def register_part(part: Part) -> None:
    """Add what an app holds of a person. They are worked through in the order in which they were registered."""
    _known.parts[part.key] = part


def parts() -> list[Part]:
    return list(_known.parts.values())


def register_writings(model: str, fields: Sequence[str]) -> None:
    """Say in which fields of a model (`app.Model`) people write freely: there names are looked for too."""
    _known.writings[model] = tuple(fields)


def writings_of(model: str) -> tuple[str, ...]:
    return _known.writings.get(model, ())


def register_whole(model: str, blank: Mapping[str, object]) -> None:
    """Say that each row of a model tells of one person: where it names the erased one, these values take its place."""
    _known.wholes[model] = blank


def blank_of(model: str) -> Mapping[str, object]:
    return _known.wholes.get(model, {})


def leave_unsearched(model: str, why: "str | Promise") -> None:
    """Say which model's texts are not looked through, and why; the preview says so."""
    _known.sealed[model] = why


def is_unsearched(model: str) -> bool:
    return model in _known.sealed


def unsearched() -> Iterable["str | Promise"]:
    """The reasons, each once."""
    return dict.fromkeys(_known.sealed.values())
