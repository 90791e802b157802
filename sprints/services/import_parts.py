"""What comes along with an imported story: labels, checklists, comments, helpers, links to files, a due date.

A cell holds one label, link or comment a record; records are told apart by U+001E, so that a text may have lines.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from emailops.lib.ranks import rank_between
from sprints.models import LONGEST_LABEL, Audience, Checklist, ChecklistItem, Label, Story, StoryComment, StoryHelper
from sprints.services.checklists import MOST_ITEMS, MOST_LISTS
from sprints.services.comments import LONGEST_COMMENT
from sprints.services.labels import MOST_ON_A_STORY, LabelRefused, make_label
from sprints.services.watching import MOST_HELPERS
from sprints.story_files import RECORD, Target
from workspaces.audit import record
from workspaces.models import Member

LONGEST_STEP, LONGEST_LIST = 200, 80  # characters, of a step and of the name of a checklist
MOST_COMMENTS = 200  # of a story; the newest come along
DATES = ("%d/%b/%y %I:%M %p", "%d/%b/%y %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M")  # as Jira and spreadsheets write
TOLD = re.compile(r"(?P<at>[^;\n]{6,40});(?P<author>[^;\n]{0,120});(?P<text>.+)", re.DOTALL)
STEP = re.compile(r"\s*(?:[-*•]\s*)?(?:\[(?P<done>[ xX])\])?\s*(?P<text>.*)")
ADDRESS = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class Said:
    """A comment of the other tool; without a time it is of now, without an author of nobody that is known."""

    text: str
    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """A checklist: its name, and each step with whether it is done."""

    name: str
    items: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to a row of a file beside the fields of a story."""

    labels: tuple[str, ...] = ()
    checklists: tuple[Steps, ...] = ()
    comments: tuple[Said, ...] = ()
    helpers: tuple[Member, ...] = ()
    links: tuple[str, ...] = ()
    due: str = ""


def read_belongings(told: Mapping[str, str], helpers: Sequence[Member], notes: list[str]) -> Belongings:
    """What the cells of a row hold, cut to what a story can have; what is cut is said in `notes`."""
    return Belongings(
        labels=_labels(told.get(Target.LABELS, ""), notes),
        checklists=_checklists(told.get(Target.STEPS, ""), notes),
        comments=_comments(told.get(Target.COMMENTS, ""), notes),
        helpers=tuple(helpers[:MOST_HELPERS]),
        links=tuple(dict.fromkeys(ADDRESS.findall(told.get(Target.LINKS, "")))),
        due=told.get(Target.DUE, "")[:40],
    )


def _labels(text: str, notes: list[str]) -> tuple[str, ...]:
    names = [" ".join(name.split()) for name in re.split(rf"[,;\n{RECORD}]", text)]
    known = {name[:LONGEST_LABEL].casefold(): name[:LONGEST_LABEL] for name in names if name}
    if len(known) > MOST_ON_A_STORY:
        notes.append(_("Only the first %(most)d labels came along.") % {"most": MOST_ON_A_STORY})
    return tuple(known.values())[:MOST_ON_A_STORY]


def _checklists(text: str, notes: list[str]) -> tuple[Steps, ...]:
    """Lines that begin with # name a list; the others are its steps."""
    lists: list[tuple[str, list[tuple[str, bool]]]] = []
    for line in filter(str.strip, re.split(rf"[\n{RECORD}]", text)):
        if line.startswith("#"):
            lists.append((line.lstrip("# ").strip()[:LONGEST_LIST] or _("Checklist"), []))
            continue
        if not lists:
            lists.append((_("Checklist"), []))
        if (found := STEP.fullmatch(line)) and found["text"].strip():
            lists[-1][1].append((found["text"].strip()[:LONGEST_STEP], (found["done"] or "").lower() == "x"))
    filled = [(name, items) for name, items in lists if items]
    if len(filled) > MOST_LISTS or any(len(items) > MOST_ITEMS for _name, items in filled):
        most = {"lists": MOST_LISTS, "steps": MOST_ITEMS}
        notes.append(_("Only the first %(lists)d checklists with %(steps)d steps each came along.") % most)
    return tuple(Steps(name, tuple(items[:MOST_ITEMS])) for name, items in filled[:MOST_LISTS])


def _comments(text: str, notes: list[str]) -> tuple[Said, ...]:
    found = [_said(part.strip()) for part in text.split(RECORD) if part.strip()]
    if len(found) > MOST_COMMENTS:
        notes.append(_("Only the newest %(most)d comments came along.") % {"most": MOST_COMMENTS})
    beginning = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found, key=lambda said: said.at or beginning)[-MOST_COMMENTS:])


def _said(text: str) -> Said:
    """As Jira writes it: time, author and words with semicolons between; anything else is words alone."""
    found = TOLD.fullmatch(text)
    at = _moment(found["at"].strip()) if found else None
    if found is None or at is None:
        return Said(text)
    return Said(found["text"].strip(), found["author"].strip(), at)


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    for pattern in DATES:
        with suppress(ValueError):
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
    return None


class Bringer:
    """Writes what belongs to imported stories, and counts it. Nobody is told: it was said elsewhere, long ago."""

    def __init__(self, people: Mapping[str, Member], tool: str, by: Member, now: datetime) -> None:
        self.counts: Counter[str] = Counter()
        self._people, self._tool, self._by, self._now = people, tool, by, now
        self._known: dict[str, Label | None] = {}

    def bring(self, story: Story, parts: Belongings) -> list[str]:
        """Write the parts of one story. Returns what had to stay behind, in sentences."""
        notes: list[str] = []
        self._put_labels(story, parts.labels, notes)
        self._put_helpers(story, parts.helpers)
        for steps in parts.checklists:
            self._put_steps(story, steps)
        self._put_comments(story, parts)
        return notes

    def _put_labels(self, story: Story, names: Iterable[str], notes: list[str]) -> None:
        labels = [label for name in names if (label := self._label(story, name, notes))]
        if not labels:
            return
        story.labels.set(labels)
        self.counts["labels"] += len(labels)
        record("story.labelled", story, by=self._by, now=self._now, labels=sorted(label.name for label in labels))

    def _label(self, story: Story, name: str, notes: list[str]) -> Label | None:
        key = name.casefold()
        if key not in self._known:
            try:
                self._known[key] = make_label(workspace=story.workspace, name=name, by=self._by, now=self._now)
            except LabelRefused as refusal:
                self._known[key] = None
                notes.append(_("Without the label “%(name)s”: %(why)s") % {"name": name, "why": refusal})
        return self._known[key]

    def _put_helpers(self, story: Story, members: Sequence[Member]) -> None:
        rows = [StoryHelper(workspace=story.workspace, story=story, member=member) for member in members]
        if rows:
            StoryHelper.objects.bulk_create(rows)
            names = [str(member) for member in members]
            record("story.helpers_set", story, by=self._by, now=self._now, names=names)

    def _put_steps(self, story: Story, steps: Steps) -> None:
        made = Checklist.objects.create(workspace=story.workspace, story=story, name=steps.name, created_at=self._now)
        rank, rows = "", []
        for text, is_done in steps.items:
            rank = rank_between(rank, "")
            rows.append(ChecklistItem(workspace=story.workspace, checklist=made, text=text, rank=rank, is_done=is_done))
        ChecklistItem.objects.bulk_create(rows)
        self.counts["steps"] += len(rows)
        record("story.checklist_added", story, by=self._by, now=self._now, name=made.name)

    def _put_comments(self, story: Story, parts: Belongings) -> None:
        said = [self._comment(story, each) for each in parts.comments]
        if kept := self._kept(parts):
            said.append(self._row(story, kept, self._by, self._now))
        made = StoryComment.objects.bulk_create(said)
        self.counts["comments"] += len(parts.comments)
        self.counts["links"] += len(parts.links)
        self.counts["due"] += bool(parts.due)
        for comment in made:
            record("story.commented", story, by=self._by, now=self._now, comment=comment.pk, audience=comment.audience)

    def _comment(self, story: Story, said: Said) -> StoryComment:
        """By the member of that name; else by who imports, with the name that was there."""
        author = self._people.get(said.author.casefold()) if said.author else None
        text = said.text if author or not said.author else f"**{said.author}** ({self._tool}): {said.text}"
        return self._row(story, text, author or self._by, min(said.at or self._now, self._now))

    def _row(self, story: Story, text: str, author: Member, at: datetime) -> StoryComment:
        return StoryComment(
            workspace=story.workspace,
            story=story,
            author=author,
            audience=Audience.TEAM,
            text=text[:LONGEST_COMMENT],
            written_at=at,
        )

    def _kept(self, parts: Belongings) -> str:
        """What a story has no field for, in words."""
        lines = []
        if parts.due:
            lines.append(_("In %(tool)s it was due on %(day)s.") % {"tool": self._tool, "day": _day(parts.due)})
        if parts.links:
            lines.append(_("Files in %(tool)s:") % {"tool": self._tool})
            lines += [f"- {link}" for link in parts.links]
        return "\n".join(lines)


def _day(text: str) -> str:
    at = _moment(text)
    return date_format(at, "DATE_FORMAT") if at else text
