"""Where the objects are that members are told of, and how they are called."""

from collections.abc import Callable, Collection

from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sprints.letters import subject_of
from sprints.models import ApprovalRequest, Idea, PokerSession, Retro, RetroAction, Sprint, StandUp, Story
from workspaces.models import Member
from workspaces.notices.kinds import Place, register_places

Ids = Collection[int]


def stories(member: Member, ids: Ids) -> dict[int, Place]:
    found = Story.objects.for_workspace(member.workspace).filter(pk__in=ids).only("title")
    return {story.pk: Place(story.title, _href(member, "story_detail", story.pk)) for story in found}


def approvals(member: Member, ids: Ids) -> dict[int, Place]:
    found = ApprovalRequest.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {
        asked.pk: Place(
            _("Approval of %(what)s") % {"what": subject_of(asked)}, _href(member, "approval_detail", asked.pk)
        )
        for asked in found.select_related("sprint", "story").defer("snapshot")
    }


def sprints(member: Member, ids: Ids) -> dict[int, Place]:
    found = Sprint.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {row.pk: Place(_called(row), _href(member, "sprint_detail", row.pk)) for row in found}


def _called(sprint: Sprint) -> str:
    return _("Sprint %(number)d: %(name)s") % {"number": sprint.number, "name": sprint.name}


def poker_sessions(member: Member, ids: Ids) -> dict[int, Place]:
    found = PokerSession.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {
        row.pk: Place(_("Planning poker: %(name)s") % {"name": row.name}, _href(member, "poker_detail", row.pk))
        for row in found
    }


def retros(member: Member, ids: Ids) -> dict[int, Place]:
    found = Retro.objects.for_workspace(member.workspace).filter(pk__in=ids).select_related("sprint")
    return {
        row.pk: Place(
            _("Retrospective of sprint %(number)d") % {"number": row.sprint.number},
            _href(member, "retro_detail", row.sprint_id),
        )
        for row in found
    }


def actions(member: Member, ids: Ids) -> dict[int, Place]:
    """What was agreed stands on the page of its retrospective, or is a story by now."""
    found = RetroAction.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {row.pk: Place(row.text, _action_href(member, row)) for row in found}


def _action_href(member: Member, action: RetroAction) -> str:
    if action.story_id:
        return _href(member, "story_detail", action.story_id)
    return _href(member, "retro_detail", action.sprint_id)


def stand_ups(member: Member, ids: Ids) -> dict[int, Place]:
    found = StandUp.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {
        row.pk: Place(
            _("Stand-up of %(day)s") % {"day": date_format(row.day, "DATE_FORMAT")},
            _href(member, "stand_up_detail", row.pk),
        )
        for row in found
    }


def ideas(member: Member, ids: Ids) -> dict[int, Place]:
    """An idea leads to the story that it became or joined, else to where it stands among the others."""
    found = Idea.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {row.pk: Place(row.title, _idea_href(member, row)) for row in found}


def _idea_href(member: Member, idea: Idea) -> str:
    if idea.story_id:
        return _href(member, "story_detail", idea.story_id)
    inbox = reverse("sprints:idea_list", kwargs={"workspace": member.workspace.slug})
    return f"{inbox}?show=decided" if idea.decided_at else inbox


def _href(member: Member, page: str, pk: int) -> str:
    return reverse(f"sprints:{page}", kwargs={"workspace": member.workspace.slug, "pk": pk})


PLACES: dict[type[Model], Callable[[Member, Ids], dict[int, Place]]] = {
    Story: stories,
    ApprovalRequest: approvals,
    Sprint: sprints,
    PokerSession: poker_sessions,
    Retro: retros,
    RetroAction: actions,
    StandUp: stand_ups,
    Idea: ideas,
}


def register_all_places() -> None:
    for model, find in PLACES.items():
        register_places(model._meta.model_name or "", find)
