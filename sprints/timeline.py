"""What happened to a story and what was said about it, in one row of time, as far as its reader may know it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from sprints.history import Moment, history_of
from sprints.markup import to_html
from sprints.models import Story, StoryComment
from workspaces.models import Member
from workspaces.permissions import Can

COMMENTS_SHOWN = 50
"""So many of the newest are on the page of the story; the others on request."""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as it is shown to one reader."""

    comment: StoryComment
    html: SafeString
    may_change: bool
    may_remove: bool

    @property
    def at(self) -> datetime:
        return self.comment.written_at


@dataclass(frozen=True, slots=True)
class Timeline:
    """Newest first; of comments `older` are not shown."""

    entries: list[Said | Moment]
    comments: int
    older: int


def timeline_of(story: Story, reader: Member, *, only_comments: bool = False, is_all: bool = False) -> Timeline:
    """Four queries."""
    readable = StoryComment.objects.filter(story=story).for_reader(reader)
    rows = readable.select_related("author__user", "removed_by__user").prefetch_related("mentioned__user")
    newest = rows.order_by("-written_at", "-pk")
    total = readable.count()
    shown = list(newest if is_all else newest[:COMMENTS_SHOWN])
    said: list[Said | Moment] = [_said(comment, reader) for comment in shown]
    moments: Collection[Moment] = [] if only_comments else history_of(story)
    entries = sorted([*said, *moments], key=lambda entry: entry.at, reverse=True)
    return Timeline(entries, total, total - len(shown))


def _said(comment: StoryComment, reader: Member) -> Said:
    is_there, is_mine = comment.removed_at is None, comment.author_id == reader.pk
    may_write = is_there and reader.may(Can.EDIT_STORIES)
    return Said(
        comment=comment,
        html=to_html(comment.text, [str(member) for member in comment.mentioned.all()]),
        may_change=may_write and is_mine,
        may_remove=may_write and (is_mine or reader.may(Can.MANAGE_WORKSPACE)),
    )
