"""Which kinds of notices there are, and what they are about; every app registers its own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from workspaces.models import Member, Notice
from workspaces.permissions import EVERYBODY, Can, Role


@dataclass(frozen=True, slots=True)
class Told:
    """What a notice says: words that follow the name of who did it, and what is quoted."""

    words: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An object that notices are about: its name, and the path of its page."""

    label: str
    href: str


Tell = Callable[[Member, Sequence[Notice]], Mapping[int, Told]]
FindPlaces = Callable[[Member, Collection[int]], Mapping[int, Place]]


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notices. Who has not the right `can`, or none of the `roles` it is meant for, is told nothing of it.

    Kinds of one `group` stand together where they are chosen. `tell` says notices of this kind to a reader, by their
    ids, in a fixed number of queries; what this reader may not know it leaves out. `is_urgent` ones can be had by mail
    at once.
    """

    key: str
    order: int
    group: "str | Promise"
    label: "str | Promise"
    icon: str
    can: Can
    tell: Tell
    is_urgent: bool = False
    roles: frozenset[Role] = EVERYBODY

    def is_for(self, member: Member) -> bool:
        return Role(member.role) in self.roles and member.may(self.can)


_kinds: dict[str, NoticeKind] = {}
_places: dict[str, FindPlaces] = {}


def register_kind(kind: NoticeKind) -> None:
    _kinds[kind.key] = kind


def register_places(about_type: str, find: FindPlaces) -> None:
    """Say how objects of a model (by its lower-case name) are called, and where their pages are."""
    _places[about_type] = find


def kind_of(key: str) -> NoticeKind:
    return _kinds[key]


def is_object(about_type: str) -> bool:
    """Whether notices can be about rows of the model."""
    return about_type in _places


def kinds_for(member: Member) -> list[NoticeKind]:
    """The kinds this member can be told of, in order."""
    return sorted((kind for kind in _kinds.values() if kind.is_for(member)), key=lambda kind: kind.order)


def places(member: Member, about_type: str, ids: Collection[int]) -> Mapping[int, Place]:
    """Where objects are; those that are gone are missing."""
    find = _places.get(about_type)
    return find(member, ids) if find else {}
