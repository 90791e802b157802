"""A workspace's own limits."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError

from delivery.models import SafetyLimits
from delivery.safety import LimitsRefused, limits_of, set_limits
from workspaces.models import AuditEntry, Member, Workspace


def test_the_default_limits_hold_where_none_were_set(workspace: Workspace) -> None:
    limits = limits_of(workspace)

    assert not SafetyLimits.objects.exists()
    assert (limits.refused_rate, limits.complaint_rate, limits.late_after_minutes) == (0.05, 0.003, 30)


def test_what_is_changed_stands_in_the_log_with_what_it_was(workspace: Workspace, lead: Member, now: datetime) -> None:
    set_limits(workspace=workspace, by=lead, now=now, refused_rate=0.03, refused_sample=200)

    assert limits_of(workspace).refused_rate == 0.03
    entry = AuditEntry.objects.get(action="safety.limits_set")
    assert (entry.member, entry.detail) == (lead, {"changed": {"refused_rate": [0.05, 0.03]}})


def test_the_same_values_change_nothing(workspace: Workspace, lead: Member, now: datetime) -> None:
    set_limits(workspace=workspace, by=lead, now=now, refused_rate=0.05)

    assert not AuditEntry.objects.filter(action="safety.limits_set").exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"refused_rate": 0.51}, "refused_rate", "between 0.5% and 50"),
        ({"complaint_rate": 0.02}, "complaint_rate", "between 0.05% and 1"),
        ({"late_after_minutes": 4}, "late_after_minutes", "between 5 and 1,440"),
        ({"complaint_warn_rate": 0.004}, "complaint_warn_rate", "has to come before the stop"),
    ],
)
def test_a_limit_that_would_be_none_is_refused(
    workspace: Workspace, lead: Member, now: datetime, changes: dict[str, float], field: str, words: str
) -> None:
    with pytest.raises(LimitsRefused, match=words) as refused:
        set_limits(workspace=workspace, by=lead, now=now, **changes)

    assert list(refused.value.fields) == [field]
    assert not SafetyLimits.objects.exists()


@pytest.mark.parametrize("wrong", [{"refused_rate": 0.9}, {"complaint_warn_rate": 0.005}, {"stuck_after_minutes": 1}])
def test_the_database_keeps_the_bounds_too(workspace: Workspace, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        SafetyLimits.objects.create(workspace=workspace, **wrong)
