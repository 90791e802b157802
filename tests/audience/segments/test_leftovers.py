"""Numbers compared among values of every other kind, as an attribute that changed its kind leaves them."""

from datetime import datetime
from typing import Any

import pytest

from audience.models import AttributeKind
from audience.segments.compile import contacts_in
from audience.segments.counting import count_in
from audience.segments.definition import Condition, Group
from tests.factories.audience import AttributeFactory, ContactFactory
from workspaces.models import Workspace

LEFT: list[Any] = [None, "", "60", "zz", True, False, [], [60], [1, 2, 3], {}, {"a": 60}]
NUMBERS: list[Any] = [-1e308, -1, 0, 50, 50.5, 60, 1e308]


@pytest.mark.parametrize(
    ("op", "value", "meant"),
    [
        ("more_than", 50, [50.5, 60, 1e308]),
        ("more_than", -1e308, [-1, 0, 50, 50.5, 60, 1e308]),
        ("less_than", 50, [-1e308, -1, 0]),
        ("less_than", 1e308, [-1e308, -1, 0, 50, 50.5, 60]),
        ("equals", 60, [60]),
        ("equals", 0, [0]),
        ("between", [50, 60], [50, 50.5, 60]),
    ],
)
def test_only_numbers_are_compared_as_numbers(
    workspace: Workspace, now: datetime, op: str, value: Any, meant: list[Any]
) -> None:
    AttributeFactory.create(workspace=workspace, key="points", kind=AttributeKind.NUMBER)
    for held in [*LEFT, *NUMBERS]:
        ContactFactory.create(workspace=workspace, attributes={"points": held})
    ContactFactory.create(workspace=workspace, attributes={})
    rule = Group("all", (Condition("attribute.points", op, value),))

    found = [float(contact.attributes["points"]) for contact in contacts_in(workspace, rule, now)]

    assert sorted(found) == meant
    assert count_in(workspace, rule, now) == len(meant)
