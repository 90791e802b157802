"""The strategy page and the pages of one goal."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from strategy.models import Goal, Kpi
from tests.factories.strategy import GoalFactory, KpiFactory, PrincipleFactory
from tests.strategy.conftest import read
from workspaces.models import AuditEntry, Member

Browse = Callable[[Member], Client]
GOAL = {
    "name": "Customers come back sooner",
    "baseline": "28.1",
    "target": "34",
    "start_date": "2026-04-01",
    "due_date": "2026-06-30",
    "kind": "strategic",
    "why": "They pay twice.",
}


def _url(name: str, **kwargs: Any) -> str:
    return reverse(f"strategy:{name}", kwargs={"workspace": "maren-moss", **kwargs})


def _text(answer: Any) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


@pytest.fixture
def kpi(lead: Member) -> Kpi:
    made: Kpi = KpiFactory.create(workspace=lead.workspace, name="Repeat purchase")
    return made


@pytest.fixture
def goal(lead: Member, kpi: Kpi) -> Goal:
    made: Goal = GoalFactory.create(workspace=lead.workspace, kpi=kpi, name="Customers come back sooner")
    return made


def test_without_a_goal_the_page_says_what_one_is(lead: Member, guest: Member, browse: Browse) -> None:
    for member, offers in ((lead, True), (guest, False)):
        page = _text(browse(member).get(_url("goal_list")))

        assert "A goal says how far one figure should move" in page
        assert (f'href="{_url("goal_new")}"' in page) == offers
        assert page.count("btn--primary") == int(offers)


def test_the_strategy_shows_goals_other_kpis_and_principles(lead: Member, goal: Goal, browse: Browse) -> None:
    read(goal.kpi, date.today(), "0.316")  # noqa: DTZ011  any day near now will do
    KpiFactory.create(workspace=lead.workspace, name="Complaint rate")
    KpiFactory.create(workspace=lead.workspace, name="Long gone", archived_at=goal.created_at)
    PrincipleFactory.create(workspace=lead.workspace, rule="Never on Sundays")

    page = _text(browse(lead).get(_url("goal_list")))

    for words in ("<b>31.6%</b>", "of 34%", "On track: 1", "Also watched", "Complaint rate", "Never on Sundays"):
        assert words in page, words
    assert "Long gone" not in page


def test_the_strategy_takes_the_same_queries_for_many_goals(
    lead: Member, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        top = GoalFactory.create(workspace=lead.workspace)
        GoalFactory.create(workspace=lead.workspace, parent=top)
        for back in range(3):
            read(top.kpi, date(2026, 5, 1) - timedelta(days=back), "0.3")
            read(KpiFactory.create(workspace=lead.workspace), date(2026, 5, number + 1), "0.1")
    client = browse(lead)
    client.get(_url("goal_list"))

    with django_assert_max_num_queries(16):
        client.get(_url("goal_list"))


@pytest.mark.parametrize("name", ["goal_list", "kpi_list", "principle_list", "kpi_new", "principle_new", "goal_new"])
def test_the_menu_marks_the_strategy_on_all_its_pages(lead: Member, browse: Browse, name: str) -> None:
    page = _text(browse(lead).get(_url(name)))

    assert f'<a class="nav__link" href="{_url("goal_list")}" aria-current="page">' in page


def test_closed_goals_are_reached_from_the_strategy(lead: Member, goal: Goal, browse: Browse) -> None:
    client = browse(lead)
    assert "?show=closed" not in _text(client.get(_url("goal_list")))
    over = GoalFactory.create(workspace=lead.workspace, closed=True, name="A welcome that sells")

    assert "?show=closed" in _text(client.get(_url("goal_list")))
    closed = _text(client.get(f"{_url('goal_list')}?show=closed"))

    assert (over.name in closed, over.conclusion in closed) == (True, True)
    assert goal.name not in closed


def test_no_closed_goal_is_an_empty_state(lead: Member, browse: Browse) -> None:
    assert "No goal was closed yet" in _text(browse(lead).get(f"{_url('goal_list')}?show=closed"))


def test_a_new_goal_begins_with_its_kpi(lead: Member, kpi: Kpi, browse: Browse) -> None:
    other = KpiFactory.create(workspace=lead.workspace, name="Refunds", money=True)
    client = browse(lead)

    choice = _text(client.get(_url("goal_new")))
    percent, money = (_text(client.get(f"{_url('goal_new')}?kpi={found.pk}")) for found in (kpi, other))

    assert f'href="?kpi={kpi.pk}"' in choice
    assert f'href="?kpi={other.pk}"' in choice
    assert ("From, %" in percent, "To, %" in percent) == (True, True)
    assert "From, EUR" in money


def test_without_a_kpi_the_way_to_a_goal_leads_over_a_new_one(lead: Member, browse: Browse) -> None:
    page = _text(browse(lead).get(_url("goal_new")))

    assert f'href="{_url("kpi_new")}?then=goal"' in page


def test_the_only_kpi_is_taken_and_its_last_reading_proposed(lead: Member, kpi: Kpi, browse: Browse) -> None:
    read(kpi, date(2026, 5, 1), "0.314452")
    client = browse(lead)

    form = _text(client.get(_url("goal_new")))
    choice = _text(client.get(f"{_url('goal_new')}?kpi=choose"))

    assert 'value="31.45"' in form
    assert f'href="?kpi={kpi.pk}"' in choice


@pytest.mark.parametrize("asked", ["999999", "99999999999999999999999"])
def test_a_goal_on_a_kpi_that_is_not_there_is_not_found(lead: Member, kpi: Kpi, browse: Browse, asked: str) -> None:
    assert browse(lead).get(f"{_url('goal_new')}?kpi={asked}").status_code == 404


def test_a_goal_on_a_kpi_of_elsewhere_is_not_found(lead: Member, outsider: Member, browse: Browse) -> None:
    theirs = KpiFactory.create(workspace=outsider.workspace)

    answer = browse(lead).post(_url("goal_new"), {**GOAL, "kpi": theirs.pk, "champion": lead.pk})

    assert answer.status_code == 404
    assert not Goal.objects.exists()


def test_a_goal_is_set_in_percent_and_kept_as_fractions(lead: Member, kpi: Kpi, browse: Browse) -> None:
    answer = browse(lead).post(_url("goal_new"), {**GOAL, "kpi": kpi.pk, "champion": lead.pk}, follow=True)

    goal = Goal.objects.get()
    assert (goal.kpi, goal.baseline, goal.target) == (kpi, Decimal("0.281"), Decimal("0.34"))
    assert answer.redirect_chain == [(_url("goal_detail", pk=goal.pk), 302)]
    assert "Goal set" in _text(answer)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "20"}, "More is better for this KPI"),
        ({"target": "28.1"}, "Nothing would change."),
        ({"due_date": "2026-04-01"}, "Before the start."),
        ({"target": "a third"}, "Enter a number."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_goal_that_makes_no_sense_is_shown_again_with_the_reason(
    lead: Member, kpi: Kpi, browse: Browse, changes: dict[str, str], words: str
) -> None:
    answer = browse(lead).post(_url("goal_new"), {**GOAL, "kpi": kpi.pk, "champion": lead.pk, **changes})

    assert answer.status_code == 422
    assert words in _text(answer)
    assert f'value="{changes.get("baseline", "28.1")}"' in _text(answer)
    assert not Goal.objects.exists()


def test_a_post_without_a_kpi_asks_for_it(lead: Member, kpi: Kpi, browse: Browse) -> None:
    KpiFactory.create(workspace=lead.workspace)

    answer = browse(lead).post(_url("goal_new"), {**GOAL, "champion": lead.pk})

    assert answer.status_code == 422
    assert "Which figure should move?" in _text(answer)


def test_a_goal_is_told_as_a_sentence_with_its_reason_line_and_neighbours(
    lead: Member, goal: Goal, browse: Browse
) -> None:
    top = GoalFactory.create(workspace=lead.workspace, name="A brand people stay with")
    Goal.objects.filter(pk=goal.pk).update(parent=top)
    GoalFactory.create(workspace=lead.workspace, name="Serum buyers reorder", parent=goal)
    for back, value in ((20, "0.28"), (10, "0.29"), (0, "0.285")):
        read(goal.kpi, goal.start_date + timedelta(days=30 - back), value)

    page = _text(browse(lead).get(_url("goal_detail", pk=goal.pk)))

    for words in (
        "Bring <b>Repeat purchase</b> from 28% to 34%",
        "short of an even pace",
        "A brand people stay with",
        "Serum buyers reorder",
        "<ui-chart",
        "Close this goal",
    ):
        assert words in page, words


def test_a_guest_reads_a_goal_and_is_offered_nothing(guest: Member, goal: Goal, browse: Browse) -> None:
    page = _text(browse(guest).get(_url("goal_detail", pk=goal.pk)))

    assert "Close this goal" not in page
    assert _url("goal_edit", pk=goal.pk) not in page


def test_a_goal_is_changed(lead: Member, goal: Goal, browse: Browse) -> None:
    client = browse(lead)
    assert 'value="28"' in _text(client.get(_url("goal_edit", pk=goal.pk)))

    answer = client.post(_url("goal_edit", pk=goal.pk), {**GOAL, "champion": lead.pk, "target": "36"})

    assert answer.headers["Location"] == _url("goal_detail", pk=goal.pk)
    goal.refresh_from_db()
    assert (goal.target, goal.why) == (Decimal("0.36"), "They pay twice.")


def test_a_goal_is_closed_with_what_was_learned(lead: Member, goal: Goal, browse: Browse) -> None:
    answer = browse(lead).post(_url("goal_close", pk=goal.pk), {"conclusion": "A reminder works."}, follow=True)

    goal.refresh_from_db()
    assert goal.conclusion == "A reminder works."
    page = _text(answer)
    assert "A reminder works." in page
    assert "Close this goal" not in page
    assert _url("goal_edit", pk=goal.pk) not in page


def test_a_goal_is_not_closed_in_silence(lead: Member, goal: Goal, browse: Browse) -> None:
    answer = browse(lead).post(_url("goal_close", pk=goal.pk), {"conclusion": "  "})

    assert answer.status_code == 422
    assert "This field is required." in _text(answer)
    goal.refresh_from_db()
    assert goal.closed_at is None


def test_a_closed_goal_refuses_to_be_edited_in_words(lead: Member, browse: Browse) -> None:
    over = GoalFactory.create(workspace=lead.workspace, closed=True)

    answer = browse(lead).post(_url("goal_edit", pk=over.pk), {**GOAL, "champion": lead.pk})

    assert answer.status_code == 422
    assert "This goal is closed. Set a new one." in _text(answer)
    assert not AuditEntry.objects.filter(action="goal.changed").exists()
