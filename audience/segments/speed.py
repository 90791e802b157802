"""Whether a segment is slow to ask, and why."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from audience.models import Contact
from audience.segments.compile import condition_of
from audience.segments.definition import Group
from audience.segments.expecting import cost_of
from audience.segments.fields import Field
from audience.segments.indexes import being_made, is_crowd_being_made
from audience.segments.plan import planned
from workspaces.models import Workspace

DEAR = 150_000
"""PostgreSQL's estimate from which on a rule is called slow: what reading some hundred thousand wide rows costs."""


def slow_reasons(workspace: Workspace, definition: Group, now: datetime, fields: Mapping[str, Field]) -> list[str]:
    """Why a segment is slow, most telling first, and what is done about it; empty while PostgreSQL finds it quick."""
    plan = planned(definition, fields, now)
    found = Contact.objects.for_workspace(workspace).filter(condition_of(plan))
    if cost_of(found) < DEAR:
        return []
    reasons = list(dict.fromkeys(leaf.test.slow for leaf in plan.leaves() if leaf.test.slow))
    reasons = reasons or [_("It compares a value of very many people, one by one.")]
    reasons += [
        _("An index on “%(name)s” is on its way and will make this faster.") % {"name": attribute.shown_label}
        for attribute in being_made(workspace, definition, now)
    ]
    if is_crowd_being_made(workspace, definition, now):
        reasons.append(_("An index of the people whom it means is on its way and will make this faster."))
    return reasons
