"""A retrospective as one person sees it at one moment. What is still hidden from that person is not in here at all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zlib import crc32

from django.db.models import Exists, OuterRef, Prefetch, Q

from sprints.models import (
    ENOUGH_ANSWERS,
    STARS,
    ActionCheck,
    ActionState,
    NoteKind,
    Retro,
    RetroAction,
    RetroGroup,
    RetroNote,
    RetroPerson,
    RetroPhase,
    RetroReportMail,
    RetroVote,
    Sprint,
    StoryStatus,
)
from workspaces.models import Member, Workspace

TRENDED = 8
LOOKS: dict[str, tuple[str, str]] = {
    NoteKind.WELL: ("ok", "smile"),
    NoteKind.HARD: ("bad", "frown"),
    NoteKind.NEXT: ("accent", "lightbulb"),
}
OWN_LOOK = ("", "sticky-note")


@dataclass(frozen=True, slots=True)
class SeenNote:
    """A note that this person may read; `author` is None while authors are not shown."""

    note: RetroNote
    is_mine: bool
    author: Member | None


@dataclass(frozen=True, slots=True)
class Column:
    """A prompt, the notes under it that this person may read, and how many more there are."""

    kind: str
    label: str
    tone: str
    icon: str
    notes: list[SeenNote]
    hidden: int


@dataclass(frozen=True, slots=True)
class Topic:
    """Notes that say the same. `votes` is None as long as votes are hidden; `mine` are this person's own."""

    group: RetroGroup
    notes: list[SeenNote]
    votes: int | None
    mine: int

    @property
    def title(self) -> str:
        return self.group.name or (self.notes[0].note.text if self.notes else "")

    @property
    def edition(self) -> str:
        """Differs when name or decision do: what somebody is writing over them stays only while they are the same."""
        return f"{self.group.pk}-{crc32(f'{self.group.name}|{self.group.decision}'.encode())}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """Something agreed before, and what this retrospective said of it."""

    action: RetroAction
    check: ActionCheck | None

    @property
    def is_done_as_story(self) -> bool:
        return self.action.story is not None and self.action.story.status == StoryStatus.DONE


@dataclass(frozen=True, slots=True)
class Worth:
    """Answers to “worth our time?”: how many for one to five stars, and how many people take part.

    `owners` are those of business owners, who answered a mail of their own, by name.
    """

    counts: list[int]
    people: int
    is_closed: bool
    owners: Sequence[RetroReportMail] = ()

    @property
    def answers(self) -> int:
        return sum(self.counts)

    @property
    def is_shown(self) -> bool:
        """Once all have answered or it is closed, and enough have for nobody to be found out."""
        return self.answers >= ENOUGH_ANSWERS and (self.is_closed or self.answers >= self.people)

    @property
    def mean(self) -> float:
        return sum(stars * count for stars, count in enumerate(self.counts, start=1)) / (self.answers or 1)

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Stars and how many gave them, the best first."""
        return list(enumerate(self.counts, start=1))[::-1]


@dataclass(frozen=True)
class Room:
    """The retrospective for `member`. Each part is read when it is first asked for; about ten queries in all."""

    sprint: Sprint
    retro: Retro
    member: Member
    now: datetime

    @cached_property
    def people(self) -> list[RetroPerson]:
        return (
            list(self.retro.people.select_related("member__user").order_by("joined_at", "pk")) if self._is_kept else []
        )

    @property
    def _is_kept(self) -> bool:
        return self.retro.pk is not None

    @property
    def days(self) -> tuple[date, date]:
        return self.sprint.start_date, self.sprint.end_date

    @property
    def stars(self) -> range:
        return range(1, STARS + 1)

    @property
    def is_time_up(self) -> bool:
        return self.retro.time_is_up(self.now)

    @property
    def is_voting(self) -> bool:
        return self.retro.is_under_way and self.retro.phase == RetroPhase.VOTE and not self.votes_are_shown

    @property
    def me(self) -> RetroPerson | None:
        return next((person for person in self.people if person.member_id == self.member.pk), None)

    @property
    def ready(self) -> list[RetroPerson]:
        return [person for person in self.people if person.ready_in == self.retro.phase]

    @property
    def is_mine(self) -> bool:
        """Whether this person may do what the facilitator alone does."""
        return self.retro.facilitator_id in {None, self.member.pk}

    @cached_property
    def _notes(self) -> list[SeenNote]:
        """Authors are joined in only where they are shown, so that nothing later can give them away."""
        notes = RetroNote.objects.filter(sprint=self.sprint).seen_by(self.member).order_by("created_at", "pk")
        named = _names(self.retro if self._is_kept else None)
        return [
            SeenNote(note, note.author_id == self.member.pk, note.author if named else None)
            for note in (notes.select_related("author__user") if named else notes)
        ]

    @cached_property
    def columns(self) -> list[Column]:
        seen: dict[str, list[SeenNote]] = defaultdict(list)
        for note in self._notes:
            seen[note.note.kind].append(note)
        hidden = Counter(
            RetroNote.objects.filter(sprint=self.sprint, is_shown=False)
            .exclude(author=self.member)
            .values_list("kind", flat=True)
        )
        return [self._column(kind, label, seen[kind], hidden[kind]) for kind, label in self.retro.kinds.items()]

    def _column(self, kind: str, label: str, notes: list[SeenNote], hidden: int) -> Column:
        tone, icon = LOOKS.get(kind, OWN_LOOK)
        return Column(kind, label, tone, icon, notes, hidden)

    @property
    def votes_are_shown(self) -> bool:
        return self.retro.revealed_at is not None

    @cached_property
    def topics(self) -> list[Topic]:
        """The topics, in order of their votes once these are shown, else as they came up. Three queries."""
        if not self._is_kept:
            return []
        notes: dict[int, list[SeenNote]] = defaultdict(list)
        for seen in self._notes:
            if seen.note.group_id and seen.note.is_shown:
                notes[seen.note.group_id].append(seen)
        total, mine = self._votes()
        shown = self.votes_are_shown
        topics = [
            Topic(group, notes[group.pk], total[group.pk] if shown else None, mine[group.pk])
            for group in self.retro.groups.order_by("created_at", "pk")
            if notes[group.pk]
        ]
        return sorted(topics, key=lambda topic: -(topic.votes or 0))

    def _votes(self) -> tuple[Counter[int], Counter[int]]:
        total, mine = Counter[int](), Counter[int]()
        given = RetroVote.objects.filter(group__retro=self.retro).values_list("group_id", "member_id", "count")
        for group, member, count in given:
            total[group] += count
            mine[group] += count if member == self.member.pk else 0
        return total, mine

    @property
    def votes_left(self) -> int:
        return self.retro.votes_each - sum(topic.mine for topic in self.topics)

    @cached_property
    def topic(self) -> Topic | None:
        """The one that is being talked about."""
        return next((topic for topic in self.topics if topic.group.pk == self.retro.topic_id), None)

    @property
    def next_topic(self) -> Topic | None:
        """The one with the most votes that nobody has talked about."""
        waiting = (t for t in self.topics if t.group.discussed_at is None and t.group.pk != self.retro.topic_id)
        return next(waiting, None)

    @property
    def decisions(self) -> list[Topic]:
        return [topic for topic in self.topics if topic.group.decision]

    @cached_property
    def earlier(self) -> list[Earlier]:
        return earlier_actions(self.sprint)

    @cached_property
    def actions(self) -> list[RetroAction]:
        """What this retrospective agreed on, in that order."""
        return list(self.sprint.actions.select_related("owner__user", "story__sprint").order_by("created_at", "pk"))

    @cached_property
    def worth(self) -> Worth:
        return worth_of(self.retro, len(self.people))


def _names(retro: Retro | None) -> bool:
    """Whether authors are shown: from the discussion on, and unless the team wants them never to be."""
    return retro is None or retro.names_authors


def seen_note(note: RetroNote, member: Member) -> SeenNote:
    """One note as this person may see it, if it is among those that `seen_by` gives. It needs its sprint's retro."""
    named = _names(getattr(note.sprint, "retro", None))
    return SeenNote(note, note.author_id == member.pk, note.author if named else None)


def room_of(sprint: Sprint, member: Member, now: datetime) -> Room:
    """One query. A retrospective that nobody has touched is there all the same, unsaved."""
    found = Retro.objects.filter(sprint=sprint).select_related("facilitator__user").first()
    return Room(sprint, found or Retro(sprint=sprint, workspace=sprint.workspace), member, now)


def worth_of(retro: Retro, people: int) -> Worth:
    """One query for what owners answered."""
    owners = retro.report_mails.exclude(stars=None).select_related("member__user") if retro.pk else []
    return Worth(retro.worth or [0] * STARS, people, retro.was_closed, list(owners))


def earlier_actions(sprint: Sprint) -> list[Earlier]:
    """What earlier sprints agreed on and is still open, and what this sprint's retrospective has settled. Two queries.

    What became a story is settled by the story: it is here once, in the next retrospective.
    """
    here = ActionCheck.objects.filter(sprint=sprint)
    later = ActionCheck.objects.filter(action=OuterRef("pk"), sprint=sprint)
    last = Sprint.objects.for_workspace(sprint.workspace).filter(number__lt=sprint.number).order_by("-number")[:1]
    ended = Q(story__status=StoryStatus.DONE) | Q(story__dropped_at__isnull=False)
    is_open = Q(state=ActionState.OPEN) & (~ended | Q(story=None) | Q(sprint__in=last.values("pk")))
    found = (
        RetroAction.objects.for_workspace(sprint.workspace)
        .filter(sprint__number__lt=sprint.number)
        .annotate(is_checked=Exists(later))
        .filter(is_open | Q(is_checked=True))
        .select_related("owner__user", "story__sprint", "sprint")
        .prefetch_related(Prefetch("checks", queryset=here.select_related("by__user"), to_attr="checked"))
        .order_by("-sprint__number", "created_at", "pk")
    )
    return [Earlier(action, next(iter(action.checked), None)) for action in found]


def worth_trend(workspace: Workspace, upto: int) -> list[tuple[Sprint, Worth]]:
    """The closed retrospectives up to that sprint whose answers are shown, the oldest first. One query."""
    closed = Retro.objects.for_workspace(workspace).closed().filter(sprint__number__lte=upto)
    newest = closed.select_related("sprint").order_by("-sprint__number")[:TRENDED]
    return _shown([(retro.sprint, Worth(retro.worth, 0, is_closed=True)) for retro in newest if retro.worth])


def _shown(pairs: Iterable[tuple[Sprint, Worth]]) -> list[tuple[Sprint, Worth]]:
    return [pair for pair in pairs if pair[1].is_shown][::-1]
