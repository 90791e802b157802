"""One page of the backlog, found by where the last one ended, with the lines that say what fits into which sprint."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from sprints.backlog_filters import Place, Wanted, wanted_stories
from sprints.learning import Lesson, lessons_for
from sprints.models import Sprint, SprintState, Story, StoryQuerySet
from sprints.queries import Card, missing_parts, usual_points
from sprints.scoring import Method, Score, by_score, score_of
from workspaces.models import Member, Workspace

PAGE = 50
MOST_LINES = 3  # sprints ahead of which a line is drawn; further away nobody knows
AHEAD = 2  # rows after the page whose ids say where a step down leads


@dataclass(frozen=True, slots=True)
class Line:
    """What fits into a sprint ends here."""

    number: int
    points: int


@dataclass(frozen=True, slots=True)
class Row(Card):
    """A story of the list. `line` stands before it; `lesson` is the nearest thing that was tried before."""

    line: Line | None = None
    score: Score | None = None
    lesson: Lesson | None = None
    is_here: bool = True  # in the backlog, so that it can be moved

    @property
    def missing(self) -> list[str]:
        return missing_parts(self.story)


@dataclass(frozen=True, slots=True)
class Room:
    """How many points fit into the next sprint, and into each after it; `first` is the next sprint's number."""

    first: int
    next: int
    later: int

    def line_before(self, above: int, points: int) -> Line | None:
        """The line that a story crosses that begins after `above` points and has so many of its own."""
        edges = [self.next + self.later * n for n in range(MOST_LINES)]
        crossed = [n for n, edge in enumerate(edges) if above <= edge < above + points]
        return Line(self.first + crossed[0], edges[crossed[0]]) if crossed else None


@dataclass(frozen=True, slots=True)
class BacklogPage:
    """What is shown of a list, and how to get on. `after` and `before` are ids for the address; None: nothing there.

    `next` is the story right after the page, before which what is dragged to the page's end comes to stand.
    """

    rows: list[Row]
    total: int
    room: Room | None
    after: int | None
    before: int | None
    next: int | None = None
    unestimated: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page: of what, in which order (None: by hand), after or before which story."""

    wanted: Wanted = field(default_factory=Wanted)
    method: Method | None = None
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class _Slice:
    """Ids around a page, in order: those of the page, what comes before and after, and the points above."""

    ids: list[int]
    ahead: list[int]
    behind: list[int]
    above: int


def backlog_page(member: Member, asked: Asked, today: date) -> BacklogPage:
    """One page. The count of queries does not depend on how many stories there are."""
    stories = wanted_stories(asked.wanted, member)
    cut = _by_score(stories, asked) if asked.method else _by_hand(stories, asked)
    found = _read(cut.ids)
    room = None if asked.wanted.is_narrow else room_ahead(member.workspace)
    return BacklogPage(
        rows=_rows(found, cut, asked, room, member.workspace),
        total=stories.count(),
        room=room,
        after=cut.ids[-1] if cut.ahead else None,
        before=cut.ids[0] if cut.behind and cut.ids else None,
        next=next(iter(cut.ahead), None),
        unestimated=sum(story.points is None for story in found),
    )


def _read(ids: Sequence[int]) -> list[Story]:
    stories = Story.objects.with_plan().with_marks().select_related("score")
    found = {story.pk: story for story in stories.filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def _by_score(stories: StoryQuerySet, asked: Asked) -> _Slice:
    """All scores are counted in one go, because a formula may be anything."""
    if asked.method is None:
        raise TypeError("by which score?")
    ordered = by_score(stories, asked.method)
    ids = [pk for pk, _points in ordered]
    start = _start(ids, asked)
    return _Slice(
        ids=ids[start : start + PAGE],
        ahead=ids[start + PAGE : start + PAGE + AHEAD],
        behind=ids[max(start - AHEAD, 0) : start],
        above=sum(points for _pk, points in ordered[:start]),
    )


def _start(ids: list[int], asked: Asked) -> int:
    if asked.after in ids:
        return ids.index(asked.after) + 1
    if asked.before in ids:
        return max(ids.index(asked.before) - PAGE, 0)
    return 0


def _by_hand(stories: StoryQuerySet, asked: Asked) -> _Slice:
    """By rank, or of all stories the newest first, from a row on that is looked up and not counted to."""
    newest = asked.wanted.place == Place.EVERYWHERE
    ids = list(_ids(_onward(stories, asked, newest), newest, back=False)[: PAGE + AHEAD])
    first = Story.objects.filter(pk=ids[0]).first() if ids and (asked.after or asked.before) else None
    earlier = stories.filter(_beyond(first, newest, back=True)) if first else stories.none()
    behind = list(_ids(earlier, newest, back=True)[:AHEAD])
    return _Slice(
        ids=ids[:PAGE],
        ahead=ids[PAGE:],
        behind=behind[::-1],
        above=(earlier.aggregate(points=Sum("points"))["points"] or 0) if behind else 0,
    )


def _onward(stories: StoryQuerySet, asked: Asked, newest: bool) -> StoryQuerySet:
    """From the page's first row on; from the beginning when the row that is named is not to be found."""
    anchor = Story.objects.filter(pk=asked.after or asked.before or 0).first()
    if anchor is None:
        return stories
    if asked.after:
        return stories.filter(_beyond(anchor, newest, back=False))
    earlier = list(_ids(stories.filter(_beyond(anchor, newest, back=True)), newest, back=True)[:PAGE])
    first = Story.objects.filter(pk=earlier[-1]).first() if earlier else None
    return stories.filter(_beyond(first, newest, back=False) | Q(pk=first.pk)) if first else stories


def _ids(stories: StoryQuerySet, newest: bool, *, back: bool) -> "QuerySet[Story, int]":
    if newest:
        return stories.order_by("number" if back else "-number").values_list("pk", flat=True)
    return stories.order_by(*(("-rank", "-pk") if back else ("rank", "pk"))).values_list("pk", flat=True)


def _beyond(anchor: Story, newest: bool, *, back: bool) -> Q:
    """What comes after a story, or before it."""
    if newest:
        return Q(number__gt=anchor.number) if back else Q(number__lt=anchor.number)
    if back:
        return Q(rank__lt=anchor.rank) | Q(rank=anchor.rank, pk__lt=anchor.pk)
    return Q(rank__gt=anchor.rank) | Q(rank=anchor.rank, pk__gt=anchor.pk)


def _rows(found: list[Story], cut: _Slice, asked: Asked, room: Room | None, workspace: Workspace) -> list[Row]:
    ids = [str(pk) for pk in [*cut.behind[-1:], *cut.ids, *cut.ahead]]
    offset, above, rows = len(cut.behind[-1:]), cut.above, []
    lessons = lessons_for(workspace, found)
    for n, story in enumerate(found, start=offset):
        is_last = n == len(ids) - 1
        points = story.points or 0
        rows.append(
            Row(
                story,
                up=None if asked.method or n == 0 else ids[n - 1],
                down=None if asked.method or is_last else ids[n + 2] if n + 2 < len(ids) else "",
                line=room.line_before(above, points) if room else None,
                score=score_of(story, asked.method) if asked.method else None,
                lesson=next(iter(lessons.get(story.pk, [])), None),
                is_here=story.sprint_id is None and story.dropped_at is None and story.status != "done",
            )
        )
        above += points
    return rows


def room_ahead(workspace: Workspace) -> Room | None:
    """What fits: the next sprint's capacity or what sprints usually deliver, the smaller of both, less what is in it.

    None while neither is known. Three queries.
    """
    usual = usual_points(workspace)
    planned = Sprint.objects.for_workspace(workspace).filter(state=SprintState.PLANNING).order_by("number")
    coming = planned.annotate(points=Sum("stories__points")).first()
    limits = [limit for limit in (usual, coming.capacity_points if coming else None) if limit]
    if not limits:
        return None
    last = Sprint.objects.for_workspace(workspace).order_by("-number").values_list("number", flat=True).first() or 0
    taken = (coming.points or 0) if coming else 0  # type: ignore[attr-defined]  # annotated above
    return Room(coming.number if coming else last + 1, max(min(limits) - taken, 0), usual or min(limits))


def place_in_words(member: Member, story_id: int | None) -> str:
    """Where a story stands in the backlog now, for those who do not see the list move. Three queries, or none."""
    if story_id is None:
        return ""
    stories = Story.objects.for_workspace(member.workspace).in_backlog()
    story = stories.filter(pk=story_id).first()
    if story is None:
        return ""
    place = stories.filter(_beyond(story, newest=False, back=True)).count() + 1
    words = _("“%(story)s” is number %(place)d of %(count)d in the backlog now")
    return words % {"story": story, "place": place, "count": stories.count()}
