"""The board as it is read: counts come from SQL, and of each cell only the first cards, however many there are.

A cell is where a column and a lane cross. Without lanes there is one lane, and each column is a cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Sum, Value, When, Window
from django.db.models.functions import Cast, Coalesce, RowNumber
from django.utils.translation import gettext as _

from sprints.columns import columns_of, first_of
from sprints.lanes import LANE_OF, NOBODY, LaneBy
from sprints.models import (
    AcceptanceCriterion,
    Blocker,
    BoardColumn,
    Sprint,
    SprintState,
    Story,
    StoryHelper,
    StoryKind,
    StoryQuerySet,
    StoryStatus,
)
from sprints.queries import workers_on
from strategy.models import Goal
from workspaces.models import Member, Workspace
from workspaces.permissions import TABLE, Can

FIRST = 20
"""So many cards of a column are there at first, in all its lanes together, and so many more come further down."""
FEWEST, STEP_IN_LANE = 3, 12
"""But of each lane no fewer than these; further down come so many more."""
MOST_IN_LANES = 180
"""Where there are so many lanes that even those are too many in all, there are fewer; one is always there."""
MOST_SHOWN = 1000

Cell = tuple[str, str]
"""The key of a lane and that of a column."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a board is shown, and how. `member` and `goal` are ids as text, `NOBODY` for none at all.

    `more` says how many cards of a cell are wanted where it is not the usual number.
    """

    lanes: LaneBy = LaneBy.NONE
    show: str = ""
    member: str = ""
    goal: str = ""
    kind: str = ""
    label: str = ""
    text: str = ""
    more: Mapping[Cell, int] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        return any((self.show, self.member, self.goal, self.kind, self.label, self.text))

    @property
    def step(self) -> int:
        """How many more cards come further down."""
        return STEP_IN_LANE if self.lanes else FIRST


@dataclass(frozen=True, slots=True)
class BoardCard:
    """A story on the board, with how many of its criteria are met."""

    story: Story
    met: int
    criteria: int

    @property
    def key(self) -> str:
        return str(self.story.pk)

    @property
    def blocker(self) -> Blocker | None:
        return self.story.blocker

    @property
    def workers(self) -> list[Member]:
        return workers_on(self.story)

    @property
    def points(self) -> str:
        return "?" if self.story.points is None else str(self.story.points)

    @property
    def list_key(self) -> str:
        """Stories of one list have an order among themselves: those of a sprint, or of the backlog."""
        return str(self.story.sprint_id or "backlog")


@dataclass(frozen=True, slots=True)
class BoardCell:
    """A cell: its first cards, and how many stories and points there are in all."""

    column: BoardColumn
    lane: str
    cards: list[BoardCard]
    count: int
    points: int

    @property
    def rest(self) -> int:
        return self.count - len(self.cards)

    @property
    def key(self) -> str:
        return f"{self.lane}.{self.column.key}"

    @property
    def wanted(self) -> str:
        """What the address says to see further down, in `more`."""
        return f"{self.key}.{len(self.cards) + (STEP_IN_LANE if self.lane else FIRST)}"


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """A column with everything that stands in it, shown or not: a limit is for the team, not for who looks."""

    column: BoardColumn
    count: int
    points: int

    @property
    def is_full(self) -> bool:
        return self.column.wip_limit is not None and self.count == self.column.wip_limit

    @property
    def over(self) -> int:
        """By how many stories the limit is passed."""
        return max(0, self.count - (self.column.wip_limit or self.count))


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: whose or what it is, and its cells from left to right. The one of a board without lanes has no key."""

    key: str
    title: str
    cells: list[BoardCell]
    person: Member | None = None

    @property
    def count(self) -> int:
        return sum(cell.count for cell in self.cells)

    @property
    def points(self) -> int:
        return sum(cell.points for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Board:
    """A board as it is shown, with the first so many cards of each cell."""

    heads: list[ColumnHead]
    lanes: list[Lane]
    first: int

    @property
    def count(self) -> int:
        """How many stories match what is asked for."""
        return sum(lane.count for lane in self.lanes)

    @property
    def pairs(self) -> list[tuple[ColumnHead, BoardCell]]:
        """Each column with its one cell, on a board without lanes."""
        return list(zip(self.heads, self.lanes[0].cells, strict=True))

    @property
    def cells(self) -> Iterator[BoardCell]:
        return (cell for lane in self.lanes for cell in lane.cells)


def stories_of(workspace: Workspace, sprint: Sprint | None) -> StoryQuerySet:
    """What stands on a sprint's board, or on that of all open work: whatever is in no closed sprint."""
    found = Story.objects.for_workspace(workspace).filter(dropped_at=None)
    if sprint is not None:
        return found.filter(sprint=sprint)
    return found.filter(Q(sprint=None) & ~Q(status=StoryStatus.DONE) | Q(sprint__state__in=OPEN_STATES))


OPEN_STATES = (SprintState.PLANNING, SprintState.RUNNING)


def standing_in(columns: Sequence[BoardColumn]) -> Case:
    """The key of the column in which a story stands: the rule of `sprints.columns.column_of` in SQL."""
    own = [When(column=column.pk, status=column.status, then=Value(column.key)) for column in columns if column.pk]
    groups = [(status, first_of(columns, status)) for status in StoryStatus]
    usual = [When(status=status, then=Value(first.key)) for status, first in groups if first]
    return Case(*own, *usual, default=Value(columns[0].key), output_field=CharField())


def _lane_of(lanes: LaneBy) -> Any:
    name = LANE_OF[lanes]
    return Coalesce(Cast(name, CharField()), Value(NOBODY)) if name else Value("", output_field=CharField())


def placed(stories: StoryQuerySet, columns: Sequence[BoardColumn], lanes: LaneBy) -> Any:
    """Each with the cell in which it stands: `cell` is its column's key, `lane` its lane's."""
    return stories.annotate(cell=standing_in(columns), lane=_lane_of(lanes))


def narrowed(stories: StoryQuerySet, choice: Choice, me: Member) -> StoryQuerySet:
    """Those that are asked for."""
    conditions = Q()
    if choice.show == "mine":
        conditions &= Q(assignee=me) | Q(Exists(StoryHelper.objects.filter(story=OuterRef("pk"), member=me)))
    if choice.show == "blocked":
        conditions &= Q(Exists(Blocker.objects.open().filter(story=OuterRef("pk"))))
    for name, wanted in (("assignee", choice.member), ("goal", choice.goal)):
        if wanted:
            conditions &= Q(**{name: None if wanted == NOBODY else int(wanted)})
    for name, wanted in (("kind", choice.kind), ("labels", choice.label)):
        if wanted:
            conditions &= Q(**{name: wanted})
    if choice.text:
        number = choice.text.removeprefix("#")
        by_number = Q(number=int(number)) if number.isdecimal() and len(number) < len("1000000000") else Q()
        conditions &= Q(title__icontains=choice.text) | by_number if by_number else Q(title__icontains=choice.text)
    return stories.filter(conditions)


def in_order(stories: Any) -> list[Any]:
    """What stands on a board from top to bottom: the running sprint, the next ones, the backlog, each by rank."""
    return [
        Case(When(sprint__state=SprintState.RUNNING, then=0), When(sprint__isnull=False, then=1), default=2),
        F("sprint__number").asc(nulls_last=True),
        F("rank"),
        F("pk"),
    ]


def board(workspace: Workspace, sprint: Sprint | None, choice: Choice, me: Member) -> Board:
    """A board as `me` asked for it. Nine queries at most, however many stories there are."""
    columns = columns_of(workspace)
    everything = stories_of(workspace, sprint)
    all_counts = _counts(placed(everything, columns, LaneBy.NONE))
    shown = placed(narrowed(everything, choice, me), columns, choice.lanes)
    counts = _counts(shown) if choice.is_narrowed or choice.lanes else all_counts
    titles = _titles(workspace, choice, counts)
    first = _first(len(titles), len(columns))
    cards = _cards(shown, choice, first)
    return Board(
        heads=[ColumnHead(column, *all_counts.get(("", column.key), (0, 0))) for column in columns],
        lanes=[_lane(key, title, person, columns, cards, counts) for key, title, person in titles],
        first=first,
    )


def _first(lanes: int, columns: int) -> int:
    """How many cards a cell shows at first."""
    fewest = min(FEWEST, max(1, MOST_IN_LANES // (max(lanes, 1) * columns)))
    return max(fewest, FIRST // max(lanes, 1))


def more_cards(
    workspace: Workspace, sprint: Sprint | None, choice: Choice, me: Member, cell: Cell, skipped: int
) -> BoardCell | None:
    """The next cards of a cell after those that were `skipped`; None for a column that is not there. Seven queries."""
    columns = columns_of(workspace)
    column = next((column for column in columns if column.key == cell[1]), None)
    if column is None:
        return None
    shown = placed(narrowed(stories_of(workspace, sprint), choice, me), columns, choice.lanes)
    inside = shown.filter(lane=cell[0], cell=cell[1])
    keys = inside.order_by(*in_order(inside)).values_list("pk", flat=True)
    cards = _filled(list(keys[skipped : skipped + choice.step]))
    count = inside.count() - skipped
    return BoardCell(column, cell[0], cards, max(count, len(cards)), 0)


def _counts(stories: Any) -> dict[Cell, tuple[int, int]]:
    """How many stories and points each cell holds."""
    rows = stories.order_by().values_list("lane", "cell").annotate(count=Count("pk"), sum=Coalesce(Sum("points"), 0))
    return {(lane, cell): (count, points) for lane, cell, count, points in rows}


def _cards(stories: Any, choice: Choice, first: int) -> dict[Cell, list[BoardCard]]:
    """The first cards of each cell."""
    most = max([first, *choice.more.values()])
    place = Window(RowNumber(), partition_by=[F("lane"), F("cell")], order_by=in_order(stories))
    rows = (
        stories.annotate(place=place)
        .filter(place__lte=most)
        .order_by("place")
        .values_list("pk", "lane", "cell", "place")
    )
    keys: dict[int, Cell] = {
        pk: (lane, cell) for pk, lane, cell, place in rows if place <= choice.more.get((lane, cell), first)
    }
    found: dict[Cell, list[BoardCard]] = {}
    for card in _filled(list(keys)):
        found.setdefault(keys[card.story.pk], []).append(card)
    return found


def _filled(keys: list[int]) -> list[BoardCard]:
    """The cards of these stories, in this order. Four queries."""
    stories = Story.objects.for_cards().with_marks().in_bulk(keys)
    criteria = AcceptanceCriterion.objects.filter(story__in=keys).values("story").order_by()
    ticked = {
        story: (met, total)
        for story, met, total in criteria.annotate(
            met=Count("pk", filter=Q(is_met=True)), total=Count("pk")
        ).values_list("story", "met", "total")
    }
    return [BoardCard(stories[key], *ticked.get(key, (0, 0))) for key in keys if key in stories]


def _lane(
    key: str,
    title: str,
    person: Member | None,
    columns: Sequence[BoardColumn],
    cards: Mapping[Cell, list[BoardCard]],
    counts: Mapping[Cell, tuple[int, int]],
) -> Lane:
    cells = [
        BoardCell(column, key, cards.get((key, column.key), []), *counts.get((key, column.key), (0, 0)))
        for column in columns
    ]
    return Lane(key, title, cells, person)


def _titles(workspace: Workspace, choice: Choice, counts: Mapping[Cell, Any]) -> list[tuple[str, str, Member | None]]:
    """The lanes that there are: those with stories, and of members also whoever could take one."""
    there = {lane for lane, _cell in counts}
    if choice.lanes == LaneBy.GOAL:
        goals = Goal.objects.for_workspace(workspace).filter(pk__in=there - {NOBODY}).order_by("due_date", "pk")
        none = [(NOBODY, _("No goal"), None)] if NOBODY in there else []
        return [*((str(goal.pk), str(goal), None) for goal in goals), *none]
    if choice.lanes == LaneBy.MEMBER:
        return [*_people(workspace, choice, there), (NOBODY, _("Nobody yet"), None)]
    if choice.lanes == LaneBy.KIND:
        return [(kind.value, str(kind.label), None) for kind in StoryKind if kind in there]
    return [("", "", None)]


def _people(workspace: Workspace, choice: Choice, there: set[str]) -> list[tuple[str, str, Member | None]]:
    wanted = Q(pk__in=there - {NOBODY})
    if not choice.is_narrowed:
        wanted |= Q(left_at=None, role__in=TABLE[Can.PLAN_SPRINTS])
    members = Member.objects.for_workspace(workspace).filter(wanted).select_related("user")
    return [(str(member.pk), str(member), member) for member in members.order_by("user__name", "pk")]


@dataclass(frozen=True, slots=True)
class Steps:
    """Where a story stands, whom it passes with one step up or down in its column, and the other lanes it can go to.

    A lane is its key and its title; there are none on a board without lanes, or where they are the types of work.
    """

    column: BoardColumn
    columns: list[BoardColumn]
    above: Story | None
    below: Story | None
    by: LaneBy = LaneBy.NONE
    lane: str = ""
    lanes: list[tuple[str, str]] = field(default_factory=list)


def steps_of(story: Story, choice: Choice, me: Member) -> Steps:
    """Among the stories of its own list that are shown in the same cell. Five queries."""
    columns = columns_of(story.workspace)
    own_list = Story.objects.for_workspace(story.workspace).filter(sprint=story.sprint_id, dropped_at=None)
    here: Any = placed(own_list, columns, choice.lanes).get(pk=story.pk)
    others = placed(narrowed(own_list, choice, me), columns, choice.lanes).filter(cell=here.cell, lane=here.lane)
    others = others.exclude(pk=story.pk)
    return Steps(
        column=next(column for column in columns if column.key == here.cell),
        columns=columns,
        above=others.filter(rank__lte=here.rank).ranked().last(),
        below=others.filter(rank__gt=here.rank).ranked().first(),
        by=choice.lanes,
        lane=here.lane,
        lanes=[(key, title) for key, title in _lanes_to(story.workspace, choice.lanes) if key != here.lane],
    )


def _lanes_to(workspace: Workspace, lanes: LaneBy) -> list[tuple[str, str]]:
    """The lanes into which a story can be moved: open goals, or whoever plans, and that of nobody."""
    if lanes == LaneBy.GOAL:
        goals = Goal.objects.for_workspace(workspace).filter(closed_at=None).order_by("due_date", "pk")
        return [*((str(goal.pk), str(goal)) for goal in goals), (NOBODY, _("No goal"))]
    if lanes == LaneBy.MEMBER:
        people = _people(workspace, Choice(), set())
        return [*((key, title) for key, title, _person in people), (NOBODY, _("Nobody yet"))]
    return []
