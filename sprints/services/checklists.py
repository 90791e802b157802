"""Verbs on checklists and their steps."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.ranks import rank_between
from sprints.broadcast import tell_story
from sprints.models import Checklist, ChecklistItem, Story
from sprints.services.story_parts import open_story
from sprints.services.watching import follow
from sprints.telling import tell_assigned
from workspaces.audit import record
from workspaces.models import Member

MOST_LISTS = 10  # of a story
MOST_ITEMS = 50  # of a list; then the story is several
LONGEST_RANK = 60


class ChecklistRefused(DomainError):
    """The checklist cannot be changed as asked."""

    code = "checklist_refused"


def _words(text: str, most: int) -> str:
    text = " ".join(text.split())
    if not text:
        raise ChecklistRefused(_("Write what it is first."), fields={"text": [_("Empty.")]})
    if len(text) > most:
        raise ChecklistRefused(_("At most %(most)d letters.") % {"most": most}, fields={"text": [_("Too long.")]})
    return text


@transaction.atomic
def add_checklist(*, story: Story, name: str, by: Member, now: datetime) -> Checklist:
    """Begin a list of steps. Raises `ChecklistRefused` for no name or too many lists, `StoryClosed`."""
    name, story = _words(name, 80), open_story(story)
    if story.checklists.count() >= MOST_LISTS:
        raise ChecklistRefused(_("At most %(most)d checklists: split the story.") % {"most": MOST_LISTS})
    made = Checklist.objects.create(workspace=story.workspace, story=story, name=name, created_at=now)
    _written("story.checklist_added", story, by, now, name=name)
    return made


@transaction.atomic
def rename_checklist(*, checklist: Checklist, name: str, by: Member, now: datetime) -> None:
    name, story = _words(name, 80), open_story(checklist.story)
    if Checklist.objects.filter(pk=checklist.pk).exclude(name=name).update(name=name):
        _written("story.checklist_renamed", story, by, now, name=name)


@transaction.atomic
def remove_checklist(*, checklist: Checklist, by: Member, now: datetime) -> None:
    """Delete a list with its steps."""
    story = open_story(checklist.story)
    _written("story.checklist_removed", story, by, now, name=checklist.name, items=checklist.items.count())
    checklist.delete()


@transaction.atomic
def add_item(*, checklist: Checklist, text: str, by: Member, now: datetime) -> ChecklistItem:
    """Put a step at the end. Raises `ChecklistRefused` for no words or too many steps, `StoryClosed`."""
    text, story = _words(text, 200), open_story(checklist.story)
    if checklist.items.count() >= MOST_ITEMS:
        raise ChecklistRefused(_("At most %(most)d steps: begin another checklist.") % {"most": MOST_ITEMS})
    last = checklist.items.order_by("rank", "pk").last()
    item = ChecklistItem.objects.create(
        workspace=story.workspace, checklist=checklist, text=text, rank=rank_between(last.rank if last else "", "")
    )
    _written("story.step_added", story, by, now, text=text)
    return item


@transaction.atomic
def change_item(*, item: ChecklistItem, text: str, assignee: Member | None, by: Member, now: datetime) -> None:
    """Give a step other words or somebody to do it, who is told and follows the story. The same changes nothing."""
    text, story = _words(text, 200), open_story(item.checklist.story)
    if assignee is not None and (assignee.workspace_id != story.workspace_id or assignee.left_at):
        raise ChecklistRefused(_("Only members of the workspace can do it."), fields={"assignee": [_("No member.")]})
    found = ChecklistItem.objects.get(pk=item.pk)
    if (found.text, found.assignee_id) == (text, assignee.pk if assignee else None):
        return
    is_new = assignee is not None and assignee.pk != found.assignee_id
    found.text, found.assignee = text, assignee
    found.save(update_fields=["text", "assignee"])
    _written("story.step_changed", story, by, now, text=text, assignee=str(assignee) if assignee else "")
    if is_new:
        follow(story, [assignee])
        tell_assigned(story, [assignee], by, now)


@transaction.atomic
def tick_item(*, item: ChecklistItem, is_done: bool, by: Member, now: datetime) -> None:
    """Mark a step as done or not. Repeating changes nothing."""
    story = open_story(item.checklist.story)
    if ChecklistItem.objects.filter(pk=item.pk, is_done=not is_done).update(is_done=is_done):
        _written("story.step_ticked", story, by, now, text=item.text, is_done=is_done)


@transaction.atomic
def move_item(*, item: ChecklistItem, before: ChecklistItem | None, by: Member, now: datetime) -> None:
    """Put a step before another one of its list (None: at the end). One row is rewritten."""
    story = open_story(item.checklist.story)
    others = ChecklistItem.objects.filter(checklist=item.checklist_id).exclude(pk=item.pk).order_by("rank", "pk")
    if before is None:
        last = others.last()
        rank = rank_between(last.rank if last else "", "")
    else:
        next_one = others.filter(pk=before.pk).first()
        if next_one is None:
            raise ChecklistRefused(_("The list has changed since you loaded it. Load the page again."))
        above = others.filter(rank__lt=next_one.rank).last()
        rank = rank_between(above.rank if above else "", next_one.rank)
    ChecklistItem.objects.filter(pk=item.pk).update(rank=rank)
    if len(rank) > LONGEST_RANK:
        _respace(item.checklist)
    _written("story.step_moved", story, by, now, text=item.text)


def _respace(checklist: Checklist) -> None:
    """Give a list short ranks again, in the order it has."""
    rank, rows = "", list(checklist.items.order_by("rank", "pk"))
    for row in rows:
        row.rank = rank = rank_between(rank, "")
    ChecklistItem.objects.bulk_update(rows, ["rank"])


@transaction.atomic
def remove_item(*, item: ChecklistItem, by: Member, now: datetime) -> None:
    story = open_story(item.checklist.story)
    _written("story.step_removed", story, by, now, text=item.text)
    item.delete()


def _written(action: str, story: Story, by: Member, now: datetime, **detail: object) -> None:
    record(action, story, by=by, now=now, **detail)
    tell_story(story)
