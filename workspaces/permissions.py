"""The one permission table: who may do what. Views, API and templates ask it; nothing else decides.

An action reads `area.verb`. Areas are also the scopes of API keys: `area.see`, and the other ways of seeing (`audit`,
`team`), need the scope `area:read`, every other verb `area:write`.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member is to the workspace."""

    OWNER = "owner", _("Business owner")
    LEAD = "lead", _("Team lead")
    MARKETER = "marketer", _("Marketer")
    SELLER = "seller", _("Seller")
    ANALYST = "analyst", _("Analyst")
    GUEST = "guest", _("Guest")


class Can(models.TextChoices):
    """Every action that is guarded."""

    SEE_WORKSPACE = "workspace.see", _("See the workspace")
    MANAGE_WORKSPACE = "workspace.manage", _("Change settings, members and keys")
    SEE_AUDIT = "workspace.audit", _("Read the audit log")
    SEE_AUDIENCE = "audience.see", _("See contacts and segments")
    EDIT_AUDIENCE = "audience.edit", _("Change contacts, lists and segments")
    TEND_CONTACTS = "audience.tend", _("Change the contacts one sees")
    EXPORT_AUDIENCE = "audience.export", _("Take contacts, consent and events away as files")
    MANAGE_PRIVACY = "audience.privacy", _("Erase people, give them their data, say how long data is kept")
    SEE_STRATEGY = "strategy.see", _("See goals, KPIs and principles")
    EDIT_STRATEGY = "strategy.edit", _("Change goals, KPIs and principles")
    SEE_SPRINTS = "sprints.see", _("See the backlog, sprints and retrospectives")
    SEE_TEAM = "sprints.team", _("Read and write what only the team sees")
    EDIT_STORIES = "sprints.edit_stories", _("Write stories and take part in retrospectives")
    PLAN_SPRINTS = "sprints.plan", _("Plan sprints and ask for approval")
    DECIDE = "sprints.decide", _("Approve sprints")
    ANSWER = "sprints.answer", _("Answer what one is asked or was delegated")
    TICK_CONDITIONS = "sprints.tick_conditions", _("Tick the conditions of an approval")
    SEE_CAMPAIGNS = "campaigns.see", _("See campaigns and their results")
    EDIT_CAMPAIGNS = "campaigns.edit", _("Write and schedule campaigns")
    STOP_CAMPAIGNS = "campaigns.stop", _("Pause and cancel sends")


EVERYBODY = frozenset(Role)
TEAM = EVERYBODY - {Role.GUEST}
CREW = TEAM - {Role.OWNER}
MAKERS = frozenset({Role.LEAD, Role.MARKETER})

TABLE: dict[Can, frozenset[Role]] = {
    Can.SEE_WORKSPACE: EVERYBODY,
    Can.MANAGE_WORKSPACE: frozenset({Role.OWNER, Role.LEAD}),
    Can.SEE_AUDIT: frozenset({Role.OWNER, Role.LEAD, Role.ANALYST}),
    Can.SEE_AUDIENCE: TEAM,
    Can.EDIT_AUDIENCE: MAKERS,
    Can.TEND_CONTACTS: MAKERS | {Role.SELLER},
    Can.EXPORT_AUDIENCE: MAKERS | {Role.OWNER},
    Can.MANAGE_PRIVACY: frozenset({Role.OWNER, Role.LEAD}),
    Can.SEE_STRATEGY: EVERYBODY,
    Can.EDIT_STRATEGY: MAKERS | {Role.OWNER, Role.ANALYST},
    Can.SEE_SPRINTS: EVERYBODY,
    Can.SEE_TEAM: CREW,
    Can.EDIT_STORIES: TEAM,
    Can.PLAN_SPRINTS: MAKERS,
    Can.DECIDE: frozenset({Role.OWNER}),
    Can.ANSWER: EVERYBODY,
    Can.TICK_CONDITIONS: frozenset({Role.OWNER, Role.LEAD}),
    Can.SEE_CAMPAIGNS: EVERYBODY,
    Can.EDIT_CAMPAIGNS: MAKERS,
    Can.STOP_CAMPAIGNS: MAKERS | {Role.OWNER},
}


def may(role: str, can: Can) -> bool:
    return Role(role) in TABLE[can]


def scope_for(can: Can) -> str:
    """The API key scope an action needs: `audience:read`, `audience:write`, …"""
    area, verb = can.value.split(".")
    return f"{area}:{'read' if verb in {'see', 'audit', 'team'} else 'write'}"


SCOPES = sorted({scope_for(can) for can in Can})
