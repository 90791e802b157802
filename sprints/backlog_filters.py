"""Which stories a list shows: words, what kind, whose, what is missing. One queryset, whatever is asked."""

import re
from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from sprints.models import AcceptanceCriterion, Blocker, Story, StoryHelper, StoryQuerySet, StorySegment
from sprints.models.stories import PLAIN, STORY_WORDS
from workspaces.models import Member

MOST_WORDS = 8  # of a search; more say nothing more and only cost
NUMBER = re.compile(r"#(\d{1,9})")
WORD = re.compile(r"\w+")
ME, NOBODY = "me", "nobody"


class Place(models.TextChoices):
    """Where to look."""

    BACKLOG = "", _("In the backlog")
    EVERYWHERE = "all", _("Everywhere, also done and dropped")


class Mark(models.TextChoices):
    """What a story lacks, or what is the matter with it."""

    UNESTIMATED = "unestimated", _("Not estimated")
    WITHOUT_HYPOTHESIS = "no_hypothesis", _("Without a hypothesis")
    WITHOUT_GOAL = "no_goal", _("Without a goal")
    WITHOUT_CRITERIA = "no_criteria", _("Without acceptance criteria")
    UNSCORED = "unscored", _("Without a score")
    BLOCKED = "blocked", _("Blocked")


CONDITIONS: dict[str, Q] = {
    Mark.UNESTIMATED: Q(points=None),
    Mark.WITHOUT_HYPOTHESIS: Q(hypothesis=None),
    Mark.WITHOUT_GOAL: Q(goal=None),
    Mark.WITHOUT_CRITERIA: Q(criteria=None),
    Mark.UNSCORED: Q(score=None),
    Mark.BLOCKED: Q(Exists(Blocker.objects.open().filter(story=OuterRef("pk")))),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `who` is the id of a member, `me` or `nobody`."""

    text: str = ""
    place: str = Place.BACKLOG
    kind: str = ""
    goal: int | None = None
    who: str = ""
    label: int | None = None
    segment: int | None = None
    marks: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_narrow(self) -> bool:
        rows = (self.goal, self.label, self.segment)
        return bool(self.text or self.place or self.kind or self.who or self.marks or any(rows))


def wanted_stories(wanted: Wanted, member: Member) -> StoryQuerySet:
    """The stories that are looked for, in no order yet."""
    found = Story.objects.for_workspace(member.workspace)
    return narrowed(found if wanted.place == Place.EVERYWHERE else found.in_backlog(), wanted, member)


def narrowed(stories: StoryQuerySet, wanted: Wanted, member: Member) -> StoryQuerySet:
    """Those of a list that are looked for, wherever they stand."""
    found = stories
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.goal:
        found = found.filter(goal=wanted.goal)
    if wanted.label:
        found = found.filter(labels=wanted.label)
    if wanted.segment:
        found = about_segment(found, wanted.segment)
    for mark in sorted(wanted.marks & set(CONDITIONS)):
        found = found.filter(CONDITIONS[mark])
    return with_words(_of(found, wanted.who, member), wanted.text)


def about_segment(stories: StoryQuerySet, segment: int) -> StoryQuerySet:
    """Those whose brief writes to a segment, and those that are about it."""
    linked = StorySegment.objects.filter(segment=segment).values("story")
    return stories.filter(Q(brief__segment=segment) | Q(pk__in=linked))


def _of(stories: StoryQuerySet, who: str, member: Member) -> StoryQuerySet:
    """Those that somebody leads or helps with; nobody's are those that nobody leads."""
    if who == NOBODY:
        return stories.filter(assignee=None)
    if who == ME or who.isdecimal():
        person = member.pk if who == ME else int(who)
        helped = StoryHelper.objects.filter(member=person).values("story")
        return stories.filter(Q(assignee=person) | Q(pk__in=helped))
    return stories


def with_words(stories: StoryQuerySet, text: str) -> StoryQuerySet:
    """Those that have every word, or a word that begins with it; `#12` is the number of a story.

    Looks at the title, the parts of the sentence, the problem and the criteria.
    """
    for number in NUMBER.findall(text):
        stories = stories.filter(number=int(number))
    for word in WORD.findall(NUMBER.sub(" ", text))[:MOST_WORDS]:
        stories = stories.filter(_has(word))
    return stories


def _has(word: str) -> Q:
    query = SearchQuery(f"'{word}':*", config=PLAIN, search_type="raw")  # a word has letters only: nothing to escape
    told = Story.objects.annotate(words=SearchVector(*STORY_WORDS, config=PLAIN)).filter(words=query)
    criteria = AcceptanceCriterion.objects.annotate(words=SearchVector("text", config=PLAIN)).filter(words=query)
    found = Q(pk__in=told.values("pk")) | Q(pk__in=criteria.values("story"))
    return found | Q(number=int(word)) if word.isdecimal() and len(word) < 10 else found
