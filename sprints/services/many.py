"""Many stories in one go: written from a list or a file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from emailops.lib.ranks import rank_between
from sprints.broadcast import tell_backlog
from sprints.drafts import MOST_DRAFTS, read_drafts
from sprints.models import AcceptanceCriterion, Story
from sprints.ordering import neighbours, one_at_a_time, rank_at_end, rank_on_top
from sprints.services.stories import LONGEST_CRITERION, MOST_CRITERIA, StoryRefused, checked_fields
from workspaces.audit import record
from workspaces.models import Member, Workspace

Fields = Mapping[str, Any]


@transaction.atomic
def write_drafts(*, workspace: Workspace, text: str, by: Member, now: datetime) -> list[Story]:
    """Make a story of each line of a pasted list, the first on top of the backlog.

    Lines that cannot become a story make nothing of the rest: raises `StoryRefused`, all or nothing.
    """
    drafts = read_drafts(text)
    if not drafts:
        raise StoryRefused(_("Write one line for each story."), fields={"text": [_("Empty.")]})
    if len(drafts) > MOST_DRAFTS:
        said = _("These are %(count)d lines; at most %(most)d at once.") % {"count": len(drafts), "most": MOST_DRAFTS}
        raise StoryRefused(said, fields={"text": [said]})
    refused = [_("Line %(line)d: %(why)s") % {"line": d.line, "why": d.refused} for d in drafts if d.refused]
    if refused:
        raise StoryRefused(refused[0], fields={"text": refused})
    return add_stories(workspace=workspace, written=[draft.fields for draft in drafts], by=by, now=now, on_top=True)


@transaction.atomic
def add_stories(
    *, workspace: Workspace, written: Sequence[Fields], by: Member, now: datetime, on_top: bool
) -> list[Story]:
    """Put stories into the backlog in the order given, above or below all others. Raises `StoryRefused`.

    `written` are fields of stories; `criteria` among them are texts.
    """
    checked = [checked_fields({k: v for k, v in fields.items() if k != "criteria"}) for fields in written]
    one_at_a_time(workspace.pk)
    number = Story.objects.for_workspace(workspace).aggregate(last=Max("number"))["last"] or 0
    ranks = _ranks(workspace, len(checked), on_top=on_top)
    stories = Story.objects.bulk_create(
        Story(
            workspace=workspace, number=number + n, rank=rank, created_by=by, created_at=now, updated_at=now,
            **fields,
        )
        for n, (fields, rank) in enumerate(zip(checked, ranks, strict=True), start=1)
    )  # fmt: skip
    _write_criteria(stories, written)
    for story in stories:
        record("story.written", story, by=by, now=now)
    tell_backlog(workspace)
    return stories


def _ranks(workspace: Workspace, count: int, *, on_top: bool) -> list[str]:
    """So many ranks in order, beyond one end of the backlog."""
    others = neighbours(workspace, None)
    if not count:
        return []
    ranks = [rank_on_top(others) if on_top else rank_at_end(others)]
    while len(ranks) < count:
        ranks.append(rank_between("", ranks[-1]) if on_top else rank_between(ranks[-1], ""))
    return ranks[::-1] if on_top else ranks


def _write_criteria(stories: Sequence[Story], written: Sequence[Fields]) -> None:
    AcceptanceCriterion.objects.bulk_create(
        AcceptanceCriterion(workspace=story.workspace, story=story, text=text[:LONGEST_CRITERION], position=n)
        for story, fields in zip(stories, written, strict=True)
        for n, text in enumerate(list(dict.fromkeys(fields.get("criteria") or ()))[:MOST_CRITERIA])
    )
