"""The page of safety limits, and the word that ends a doubt about the database."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from delivery.models import Doubt, RestoreHold
from delivery.safety import limits_of
from tests.permissions.delivery import LIMITS
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture
def page(workspace: Workspace) -> str:
    return reverse("delivery:settings_safety", kwargs={"workspace": workspace.slug})


@pytest.fixture
def hold(workspace: Workspace, now: datetime) -> RestoreHold:
    times = {"known_until": now - timedelta(hours=2), "seen_at": now, "since": now}
    return RestoreHold.objects.create(workspace=workspace, doubt=Doubt.OLDER, **times)


def test_limits_are_shown_and_taken_in_percent(page: str, workspace: Workspace, lead: Member, browse: Browse) -> None:
    client = browse(lead)
    shown = client.get(page).content.decode()

    answer = client.post(page, LIMITS | {"complaint_rate": "0.25", "late_after_minutes": "45"}, follow=True)

    assert 'value="0.3"' in shown
    assert "Safety limits saved" in answer.content.decode()
    limits = limits_of(workspace)
    assert (limits.complaint_rate, limits.late_after_minutes) == (0.0025, 45)
    assert 'value="0.25"' in answer.content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"refused_rate": "60"}, "refused_rate"),
        ({"refused_rate": "-1"}, "refused_rate"),
        ({"refused_rate": ""}, "refused_rate"),
        ({"complaint_rate": "0.001"}, "complaint_rate"),
        ({"complaint_warn_rate": "0.9"}, "complaint_warn_rate"),
        ({"unanswered_limit": "1.5"}, "unanswered_limit"),
        ({"stuck_after_minutes": "many"}, "stuck_after_minutes"),
    ],
)
def test_what_is_out_of_bounds_is_said_under_its_field(
    page: str, workspace: Workspace, lead: Member, browse: Browse, wrong: dict[str, str], field: str
) -> None:
    answer = browse(lead).post(page, LIMITS | wrong)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert limits_of(workspace).pk is None


def test_bounds_are_said_with_no_more_places_than_they_need(page: str, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(page, LIMITS | {"refused_rate": "0"})

    assert answer.context["form"].errors["refused_rate"] == ["Ensure this value is greater than or equal to 0.5."]


@pytest.mark.usefixtures("hold")
def test_a_doubt_stands_on_the_home_page_and_ends_by_one_word(
    page: str, workspace: Workspace, lead: Member, marketer: Member, browse: Browse
) -> None:
    home = reverse("workspaces:home", kwargs={"workspace": workspace.slug})
    client = browse(lead)
    banner, others = client.get(home).content.decode(), browse(marketer).get(home).content.decode()
    asked = client.get(page).content.decode()

    answer = client.post(reverse("delivery:restore_confirm", kwargs={"workspace": workspace.slug}), follow=True)

    assert "All sends are held back" in banner
    assert "All sends are held back" not in others, "who cannot confirm is not asked"
    assert "The database is older than what this machine has done" in asked
    assert "Confirmed." in answer.content.decode()
    assert "All sends are held back" not in client.get(home).content.decode()


def test_without_a_doubt_there_is_nothing_to_confirm(workspace: Workspace, lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(reverse("delivery:restore_confirm", kwargs={"workspace": workspace.slug}))

    assert answer.status_code == 409
    assert "nothing to confirm" in answer.content.decode()
