"""What somebody has moved since the last stand-up: offered when the next one is written, and kept as facts.

A fact is kept without words, so that everybody reads it in the own language. Apps downstream add theirs with
`register_moves`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from workspaces.models import AuditEntry, Member

MOST_MOVES = 15
"""More than that nobody reads out; the newest are kept."""


@dataclass(frozen=True, slots=True)
class Span:
    """From one stand-up to the next: after the first moment, up to the second."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that moved: of its kind, the newest about its target. `detail` is what its words need, as JSON."""

    kind: str
    target: int
    label: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.target}"


@dataclass(frozen=True, slots=True)
class MoveKind:
    """How a kind of move looks and what it says, in the active language.

    It goes without saying when one of the kinds in `said_by` is told of the same target: who wrote a story also wrote
    its brief. `page` is the route of the page about the target.
    """

    icon: str
    words: Callable[[str, Mapping[str, Any]], str]
    said_by: tuple[str, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class ShownMove:
    """A move as it is read."""

    key: str
    icon: str
    words: str
    page: str
    target: int


Source = Callable[[Member, Span], Iterable[tuple[datetime, Move]]]
_kinds: dict[str, MoveKind] = {}
_sources: dict[str, Source] = {}


def register_moves(kinds: Mapping[str, MoveKind], find: Source) -> None:
    """Say what else moves, and how to find a member's moves of these kinds in a span, each with its moment."""
    _kinds.update(kinds)
    _sources[f"{find.__module__}.{find.__name__}"] = find


def moves_of(member: Member, span: Span) -> list[Move]:
    """What a member moved, oldest first, the newest of each kind and target."""
    found: dict[str, tuple[datetime, Move]] = {}
    for find in _sources.values():
        for at, move in find(member, span):
            if move.key not in found or found[move.key][0] <= at:
                found[move.key] = (at, move)
    dated = [(at, move) for at, move in found.values() if not _goes_without_saying(move, found)]
    newest = sorted(dated, key=lambda pair: (pair[0], pair[1].key))
    return [move for _at, move in newest[-MOST_MOVES:]]


def _goes_without_saying(move: Move, found: Collection[str]) -> bool:
    kind = _kinds.get(move.kind)
    return kind is not None and any(f"{other}-{move.target}" in found for other in kind.said_by)


def acts_of(member: Member, span: Span, actions: Iterable[str]) -> Iterable[AuditEntry]:
    """What the audit log has of a member's own acts, oldest first. One query."""
    return (
        AuditEntry.objects.for_workspace(member.workspace)
        .filter(member=member, action__in=list(actions), at__gt=span.since, at__lte=span.until)
        .order_by("at", "pk")
    )


def kept(moves: Iterable[Move]) -> list[dict[str, Any]]:
    """As an entry keeps them."""
    return [asdict(move) for move in moves]


def shown(stored: Iterable[Mapping[str, Any]]) -> list[ShownMove]:
    """Kept facts in words; what an app that is gone once told is left out."""
    moves = [Move(**fact) for fact in stored]
    return [
        ShownMove(move.key, kind.icon, kind.words(move.label, move.detail), kind.page, move.target)
        for move in moves
        if (kind := _kinds.get(move.kind))
    ]
