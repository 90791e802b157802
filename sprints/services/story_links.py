"""Verbs on what a story has to do with other stories and with segments."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Segment
from emailops.lib.errors import DomainError
from sprints.broadcast import tell_story
from sprints.models import LinkKind, Story, StoryLink, StorySegment
from sprints.ordering import one_at_a_time
from workspaces.audit import record
from workspaces.models import Member

MOST_LINKS = 50  # of a story


class LinkRefused(DomainError):
    """The two cannot be linked like this."""

    code = "link_refused"


@transaction.atomic
def link_stories(*, source: Story, kind: LinkKind, target: Story, by: Member, now: datetime) -> StoryLink:
    """Say that one story blocks, duplicates, follows or relates to another. Repeating changes nothing.

    Raises `LinkRefused` for a story and itself, for stories that would block each other in a circle, and for too many.
    """
    if source.workspace_id != target.workspace_id or source.pk == target.pk:
        raise LinkRefused(_("Choose another story."), fields={"story": [_("Not this one.")]})
    one_at_a_time(source.workspace_id)
    known = _known(source, kind, target)
    if known is not None:
        return known
    if source.links_out.count() + source.links_in.count() >= MOST_LINKS:
        raise LinkRefused(_("At most %(most)d links for one story.") % {"most": MOST_LINKS})
    if kind == LinkKind.BLOCKS and source.pk in _blocked_after(target):
        raise LinkRefused(
            _("“%(target)s” already stands in the way of “%(source)s”: the two would wait for each other for ever.")
            % {"target": target, "source": source},
            fields={"story": [_("A circle.")]},
        )
    made = StoryLink.objects.create(workspace=source.workspace, source=source, target=target, kind=kind)
    _written("story.linked", source, target, kind, by, now)
    return made


def _known(source: Story, kind: LinkKind, target: Story) -> StoryLink | None:
    """The same link; to relate is the same both ways."""
    same = StoryLink.objects.filter(source=source, target=target, kind=kind).first()
    if same is None and kind == LinkKind.RELATES:
        return StoryLink.objects.filter(source=target, target=source, kind=kind).first()
    return same


def _blocked_after(story: Story) -> set[int]:
    """The stories that wait for this one, directly or through others. One query."""
    edges = StoryLink.objects.for_workspace(story.workspace).filter(kind=LinkKind.BLOCKS)
    waiting: dict[int, set[int]] = defaultdict(set)
    for source, target in edges.values_list("source_id", "target_id"):
        waiting[source].add(target)
    found: set[int] = set()
    ahead = [story.pk]
    while ahead:
        for pk in waiting[ahead.pop()] - found:
            found.add(pk)
            ahead.append(pk)
    return found


@transaction.atomic
def unlink_stories(*, link: StoryLink, by: Member, now: datetime) -> None:
    """Take a link away. Repeating is harmless."""
    if StoryLink.objects.filter(pk=link.pk).delete()[0]:
        _written("story.unlinked", link.source, link.target, LinkKind(link.kind), by, now)


def _written(action: str, source: Story, target: Story, kind: LinkKind, by: Member, now: datetime) -> None:
    """Both stories remember it."""
    for story, other, is_inverse in ((source, target, False), (target, source, True)):
        record(action, story, by=by, now=now, kind=kind, other=str(other), is_inverse=is_inverse)
        tell_story(story)


@transaction.atomic
def set_segments(*, story: Story, segments: Collection[Segment], by: Member, now: datetime) -> None:
    """Say which segments a story is about, beside the one of its brief. Repeating changes nothing."""
    wanted = {segment.pk: segment for segment in segments}
    if any(segment.workspace_id != story.workspace_id for segment in wanted.values()):
        raise LinkRefused(_("Choose segments of this workspace."), fields={"segments": [_("Unknown segment.")]})
    if len(wanted) > MOST_LINKS:
        raise LinkRefused(_("At most %(most)d links for one story.") % {"most": MOST_LINKS})
    one_at_a_time(story.workspace_id)
    old = set(story.segment_links.values_list("segment_id", flat=True))
    if old == set(wanted):
        return
    story.segment_links.exclude(segment__in=wanted).delete()
    StorySegment.objects.bulk_create(
        StorySegment(workspace=story.workspace, story=story, segment=segment)
        for pk, segment in wanted.items()
        if pk not in old
    )
    record("story.segments_set", story, by=by, now=now, segments=sorted(str(s) for s in wanted.values()))
    tell_story(story)
