"""What an approval covers in a workspace, and how answers are got."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.approval_log import tell
from sprints.deciders import is_decider, policy_of
from sprints.models import ApprovalEvent, ApprovalPolicy, Covers
from sprints.services.answer_words import ApprovalRefused
from workspaces.models import Member, Workspace

POLICY_FIELDS = {
    "points_tolerance", "code_above", "remind_after_days", "escalate_after_days", "escalate_to",
    "lead_ticks_conditions", "one_person", "asks_again", "quiet_minutes",
}  # fmt: skip
LEAST_QUIET, MOST_QUIET = 5, 1440
"""Minutes: plans are looked at every five, and who waits for longer than a day had better be asked."""


@transaction.atomic
def set_policy(
    *, workspace: Workspace, covers: Covers, audience_tolerance: float, by: Member, now: datetime, **more: Any
) -> None:
    """Choose what an approval covers, and how answers are got. Holds for sends from now on.

    `more` are other fields of `POLICY_FIELDS`. Raises `ApprovalRefused` for a second person who cannot decide, and for
    “one person” in a workspace of several.
    """
    unknown = set(more) - POLICY_FIELDS
    if unknown:
        raise TypeError(f"A policy has no {', '.join(sorted(unknown))}")
    _require_second_person(workspace, more.get("escalate_to"))
    _require_quiet(more.get("quiet_minutes"))
    if more.get("one_person") and Member.objects.for_workspace(workspace).active().count() > 1:
        raise ApprovalRefused(
            _("You are more than one person here, so somebody else can look at what you propose."),
            fields={"one_person": [_("There is another member.")]},
        )
    wanted = {"covers": covers, "audience_tolerance": audience_tolerance, **more}
    before = policy_of(workspace)
    changed = {name: value for name, value in wanted.items() if getattr(before, name) != value}
    policy, _created = ApprovalPolicy.objects.update_or_create(workspace=workspace, defaults=wanted)
    said = {name: value if isinstance(value, bool) else str(value) for name, value in changed.items()}
    tell(
        ApprovalEvent.POLICY_SET,
        policy,
        by=by,
        now=now,
        covers=str(covers),
        tolerance=str(audience_tolerance),
        new=said,
    )


def _require_second_person(workspace: Workspace, person: Member | None) -> None:
    if person is not None and (person.workspace_id != workspace.pk or not is_decider(person)):
        raise ApprovalRefused(
            _("%(name)s cannot approve here.") % {"name": person}, fields={"escalate_to": [_("May not.")]}
        )


def _require_quiet(minutes: int | None) -> None:
    if minutes is not None and not LEAST_QUIET <= minutes <= MOST_QUIET:
        words = _("From %(least)d to %(most)d minutes.") % {"least": LEAST_QUIET, "most": MOST_QUIET}
        raise ApprovalRefused(words, fields={"quiet_minutes": [words]})
