"""The way to the first campaign, on the home page of a workspace that has sent none yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audience.models import Contact
from campaigns.models import Campaign, CampaignState
from sprints.models import Sprint, Story
from strategy.models import Goal
from workspaces.models import Member, Workspace
from workspaces.permissions import Can, Role, may


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing to do, where it is done, and whether it was."""

    title: "str | Promise"
    text: "str | Promise"
    route: str
    is_done: bool
    is_mine: bool


def first_steps_panel(member: Member, _now: datetime) -> dict[str, Any] | None:
    """The steps, and the first that this member can take; nothing once a campaign was sent."""
    workspace = member.workspace
    if Campaign.objects.for_workspace(workspace).filter(state=CampaignState.SENT).exists():
        return None
    steps = [
        FirstStep(title, text, route, is_done, may(member.role, can))
        for (title, text, route, can), is_done in zip(_STEPS, _done(workspace), strict=True)
    ]
    return {"steps": steps, "next": next((step for step in steps if step.is_mine and not step.is_done), None)}


def _done(workspace: Workspace) -> tuple[bool, ...]:
    """Which of the steps were taken, in their order."""
    return (
        Contact.objects.for_workspace(workspace).exists(),
        Goal.objects.for_workspace(workspace).exists(),
        Story.objects.for_workspace(workspace).exists(),
        Member.objects.for_workspace(workspace).filter(role=Role.OWNER).exists(),
        Sprint.objects.for_workspace(workspace).exists(),
        False,
    )


_STEPS: tuple[tuple["str | Promise", "str | Promise", str, Can], ...] = (
    (
        _("Bring in your contacts"),
        _("From a CSV, with what they agreed to."),
        "audience:import_list",
        Can.EDIT_AUDIENCE,
    ),
    (
        _("Set a goal"),
        _("Which figure should move, how far, and by when."),
        "strategy:goal_new",
        Can.EDIT_STRATEGY,
    ),
    (
        _("Write a story"),
        _("Who wants what and why, what you expect of it, and what will happen to customers."),
        "sprints:story_new",
        Can.EDIT_STORIES,
    ),
    (
        _("Invite the business owner"),
        _("Nothing goes out that the owner has not approved."),
        "workspaces:settings_members",
        Can.MANAGE_WORKSPACE,
    ),
    (
        _("Plan a sprint"),
        _("Put the story into it and send the plan to the owner."),
        "sprints:sprint_list",
        Can.PLAN_SPRINTS,
    ),
    (
        _("Send the campaign"),
        _("Write it, look at it as a reader, run the checks, choose the time."),
        "campaigns:campaign_list",
        Can.EDIT_CAMPAIGNS,
    ),
)
