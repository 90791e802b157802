"""The permission table, once more by hand: a change of it must be meant."""

import pytest

from workspaces.models import ApiKey, Member
from workspaces.permissions import SCOPES, TABLE, Can, Role, may, scope_for

GOLDEN = """
                        owner lead marketer seller analyst guest
workspace.see           x     x    x        x      x       x
workspace.manage        x     x    .        .      .       .
workspace.audit         x     x    .        .      x       .
audience.see            x     x    x        x      x       .
audience.edit           .     x    x        .      .       .
audience.tend           .     x    x        x      .       .
audience.export         x     x    x        .      .       .
audience.privacy        x     x    .        .      .       .
strategy.see            x     x    x        x      x       x
strategy.edit           x     x    x        .      x       .
sprints.see             x     x    x        x      x       x
sprints.team            .     x    x        x      x       .
sprints.edit_stories    x     x    x        x      x       .
sprints.plan            .     x    x        .      .       .
sprints.decide          x     .    .        .      .       .
sprints.answer          x     x    x        x      x       x
sprints.tick_conditions x     x    .        .      .       .
campaigns.see           x     x    x        x      x       x
campaigns.edit          .     x    x        .      .       .
campaigns.stop          x     x    x        .      .       .
"""


def _golden() -> dict[str, set[str]]:
    roles, *rows = (line.split() for line in GOLDEN.strip().splitlines())
    return {can: {role for role, mark in zip(roles, marks, strict=True) if mark == "x"} for can, *marks in rows}


def test_the_table_is_as_it_was_decided() -> None:
    assert {can.value: {role.value for role in roles} for can, roles in TABLE.items()} == _golden()


def test_every_action_stands_in_the_table() -> None:
    assert set(TABLE) == set(Can)


@pytest.mark.parametrize("can", Can)
def test_the_question_is_answered_by_the_table(can: Can) -> None:
    assert {role for role in Role if may(role, can)} == TABLE[can]


def test_nobody_both_asks_for_and_gives_approval() -> None:
    assert not TABLE[Can.PLAN_SPRINTS] & TABLE[Can.DECIDE]


def test_whoever_may_change_may_also_see() -> None:
    sees = {can.value.partition(".")[0]: TABLE[can] for can in Can if can.value.endswith(".see")}

    assert [can for can in Can if not TABLE[can] <= sees[can.value.partition(".")[0]]] == []


def test_an_unknown_role_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="boss"):
        may("boss", Can.SEE_WORKSPACE)


def test_scopes_are_an_area_and_read_or_write() -> None:
    areas = ("audience", "campaigns", "sprints", "strategy", "workspace")

    assert [f"{area}:{verb}" for area in areas for verb in ("read", "write")] == SCOPES


@pytest.mark.parametrize(
    ("can", "scope"),
    [
        (Can.SEE_AUDIENCE, "audience:read"),
        (Can.SEE_AUDIT, "workspace:read"),
        (Can.SEE_TEAM, "sprints:read"),
        (Can.EDIT_AUDIENCE, "audience:write"),
        (Can.DECIDE, "sprints:write"),
        (Can.STOP_CAMPAIGNS, "campaigns:write"),
    ],
)
def test_reading_and_changing_need_different_scopes(can: Can, scope: str) -> None:
    assert scope_for(can) == scope


@pytest.mark.parametrize("can", Can)
def test_a_program_may_no_more_than_its_member_and_no_more_than_its_scopes(can: Can) -> None:
    for role in Role:
        member = Member(role=role)
        for scope in SCOPES:
            member.acting_through = ApiKey(scopes=[scope])
            assert member.may(can) == (may(role, can) and scope == scope_for(can)), (role, scope)
