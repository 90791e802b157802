"""The imports so far, as each role sees them."""

from collections.abc import Callable

import pytest
from django.test import Client

from audience.models import ImportState
from tests.factories.audience import ImportFactory
from workspaces.models import Member, Workspace


@pytest.mark.parametrize(("role", "is_led_on"), [("lead", True), ("marketer", True), ("analyst", False)])
def test_only_who_may_match_columns_is_led_there(
    role: str,
    is_led_on: bool,
    workspace: Workspace,
    browse: Callable[[Member], Client],
    request: pytest.FixtureRequest,
) -> None:
    found = ImportFactory.create(workspace=workspace, state=ImportState.MAPPING, filename="fair.csv")
    base = f"/w/{workspace.slug}/imports/"

    page = browse(request.getfixturevalue(role)).get(base).content.decode()

    assert "fair.csv" in page
    assert (f'href="{base}{found.pk}/columns/"' in page) is is_led_on
    assert f'href="{base}{found.pk}/"' not in page
