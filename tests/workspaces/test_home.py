"""The home page is made of what the apps registered, for whoever may see it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.template.loader import get_template
from django.test import Client

from workspaces import home
from workspaces.home import Panel, home_panels, register_panel
from workspaces.models import Member
from workspaces.permissions import Can


@pytest.fixture(autouse=True)
def _own_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_panels", {})


def _panel(key: str, **changes: Any) -> Panel:
    values = {
        "place": "main",
        "order": 1,
        "can": Can.SEE_WORKSPACE,
        "template": "components/_empty.html",
        "build": lambda _member, _now: {"key": key},
    }
    return Panel(key, **{**values, **changes})


def test_panels_stand_in_their_place_and_order(lead: Member, now: datetime) -> None:
    for panel in (_panel("b", order=2), _panel("a"), _panel("s", place="side"), _panel("top", place="banner")):
        register_panel(panel)

    places = home_panels(lead, now)

    assert {place: [panel.context["key"] for panel in panels] for place, panels in places.items()} == {
        "banner": ["top"],
        "main": ["a", "b"],
        "side": ["s"],
    }


def test_a_panel_that_has_nothing_to_show_is_left_out(lead: Member, now: datetime) -> None:
    register_panel(_panel("empty", build=lambda _member, _now: None))
    register_panel(_panel("zero", build=lambda _member, _now: {}))

    assert [panel.context for panel in home_panels(lead, now)["main"]] == [{}]


def test_what_a_member_may_not_see_is_not_even_built(lead: Member, guest: Member, now: datetime) -> None:
    built: list[Member] = []

    def build(member: Member, _now: datetime) -> dict[str, Any]:
        built.append(member)
        return {}

    register_panel(_panel("people", can=Can.SEE_AUDIENCE, build=build))

    assert len(home_panels(lead, now)["main"]) == 1
    assert home_panels(guest, now)["main"] == []
    assert built == [lead]


def test_a_panel_is_built_for_the_member_and_the_moment(lead: Member, now: datetime) -> None:
    register_panel(_panel("who", build=lambda member, at: {"who": member, "at": at}))

    assert home_panels(lead, now)["main"][0].context == {"who": lead, "at": now}


def test_the_page_greets_and_shows_the_panels(lead: Member, browse: Callable[[Member], Client]) -> None:
    register_panel(_panel("p", template="components/_refusal.html", build=lambda _m, _n: {}))

    page = browse(lead).get("/w/maren-moss/")

    assert "Hello, Elena Petrova" in page.content.decode()
    assert get_template("components/_refusal.html").template.name in {t.name for t in page.templates}  # type: ignore[attr-defined]  # Django's own engine
