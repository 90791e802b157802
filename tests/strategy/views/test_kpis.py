"""The pages of KPIs."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from strategy.models import Kpi, KpiReading, ReadingSource, Unit
from tests.factories.audience import ContactFactory
from tests.factories.strategy import GoalFactory, KpiFactory, ReadingFactory
from tests.strategy.conftest import read
from workspaces.models import Member

Browse = Callable[[Member], Client]
NEW = {"name": "Refunds", "source": "entered", "unit": "money", "window_days": "30", "direction": "down"}


def _url(name: str, **kwargs: Any) -> str:
    return reverse(f"strategy:{name}", kwargs={"workspace": "maren-moss", **kwargs})


def _text(answer: Any) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


@pytest.fixture
def kpi(lead: Member) -> Kpi:
    made: Kpi = KpiFactory.create(workspace=lead.workspace, name="Repeat purchase")
    return made


def test_without_a_kpi_the_list_says_what_one_is(lead: Member, browse: Browse) -> None:
    page = _text(browse(lead).get(_url("kpi_list")))

    assert "No KPI yet" in page
    assert f'href="{_url("kpi_new")}"' in page


def test_the_list_shows_each_figure_and_how_it_moved(lead: Member, kpi: Kpi, browse: Browse) -> None:
    for back, value in ((30, "0.307"), (0, "0.316")):
        read(kpi, date(2026, 5, 18) - timedelta(days=back), value)
    GoalFactory.create(workspace=lead.workspace, kpi=kpi)

    page = _text(browse(lead).get(_url("kpi_list")))

    for words in ("<b>31.6%</b>", "0.9 points", "delta--up", "Entered"):
        assert words in page, words
    assert "Measure now" not in page


def test_put_away_kpis_are_listed_apart(lead: Member, kpi: Kpi, browse: Browse, now: datetime) -> None:
    client = browse(lead)
    assert "?show=archived" not in _text(client.get(_url("kpi_list")))
    KpiFactory.create(workspace=lead.workspace, name="List size", archived_at=now)

    followed, put_away = (_text(client.get(f"{_url('kpi_list')}{query}")) for query in ("", "?show=archived"))

    assert ("Repeat purchase" in followed, "List size" in followed) == (True, False)
    assert ("Repeat purchase" in put_away, "List size" in put_away) == (False, True)


def test_the_list_takes_the_same_queries_for_many_kpis(
    lead: Member, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        found = KpiFactory.create(workspace=lead.workspace, source="test.joined", unit=Unit.COUNT)
        read(found, date(2026, 5, number + 1), "12")
    client = browse(lead)
    client.get(_url("kpi_list"))

    with django_assert_max_num_queries(13):
        client.get(_url("kpi_list"))


def test_a_kpi_is_added_and_leads_to_its_page(lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(_url("kpi_new"), {**NEW, "champion": lead.pk})

    kpi = Kpi.objects.get()
    assert answer.headers["Location"] == _url("kpi_detail", pk=kpi.pk)
    assert (kpi.name, kpi.unit, kpi.source, kpi.direction) == ("Refunds", "money", "", "down")


def test_a_kpi_that_a_goal_was_waiting_for_leads_back_to_it(lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(f"{_url('kpi_new')}?then=goal", {**NEW, "champion": lead.pk})

    assert answer.headers["Location"] == f"{_url('goal_new')}?kpi={Kpi.objects.get().pk}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": ""}, "Say what the readings are"),
        ({"source": "test.joined"}, "Does not fit the measure."),
        ({"name": "Repeat purchase"}, "Taken."),
    ],
)
def test_a_kpi_that_is_refused_is_shown_again_with_the_reason(
    lead: Member, kpi: Kpi, browse: Browse, changes: dict[str, str], words: str
) -> None:
    answer = browse(lead).post(_url("kpi_new"), {**NEW, "champion": lead.pk, **changes})

    assert answer.status_code == 422
    assert words in _text(answer)
    assert Kpi.objects.count() == 1


def test_an_entered_kpi_offers_a_box_in_its_unit(lead: Member, guest: Member, kpi: Kpi, browse: Browse) -> None:
    for member, offers in ((lead, True), (guest, False)):
        page = _text(browse(member).get(_url("kpi_detail", pk=kpi.pk)))

        assert ("Value, %" in page) == offers
        assert ("Put this KPI away" in page) == offers
        assert "Measure now" not in page


def test_a_measured_kpi_offers_measuring_and_says_from_what(lead: Member, browse: Browse) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="test.joined", unit=Unit.COUNT, window_days=7)

    page = _text(browse(lead).get(_url("kpi_detail", pk=kpi.pk)))

    for words in ("Measure now", "People who joined", "7 days", "Nothing to measure yet"):
        assert words in page, words
    assert "Enter a reading" not in page


def test_a_kpi_whose_measure_is_gone_says_so(lead: Member, browse: Browse) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="gone.for_good")

    page = _text(browse(lead).get(_url("kpi_detail", pk=kpi.pk)))

    assert "no longer there" in page
    assert "Measure now" not in page


def test_readings_show_their_interval_and_number_where_they_have_one(lead: Member, kpi: Kpi, browse: Browse) -> None:
    client = browse(lead)
    read(kpi, date(2026, 5, 17), "0.0342")
    assert "Observations" not in _text(client.get(_url("kpi_detail", pk=kpi.pk)))
    ReadingFactory.create(kpi=kpi, day=date(2026, 5, 18), low=Decimal("0.031"), high=Decimal("0.037"), sample_size=4812)

    page = _text(client.get(_url("kpi_detail", pk=kpi.pk)))

    for words in ("3.1% – 3.7%", "4,812", "likely between 3.1% and 3.7%"):
        assert words in page, words


@pytest.mark.parametrize(("asked", "drawn"), [("", 3), ("30", 2), ("365", 4), ("90", 3), ("-1", 3), ("many", 3)])
def test_the_line_goes_back_as_far_as_asked(
    lead: Member, kpi: Kpi, browse: Browse, asked: str, drawn: int, now: datetime
) -> None:
    for back in (0, 20, 60, 200):
        read(kpi, now.date() - timedelta(days=back), "0.3")

    answer = browse(lead).get(_url("kpi_detail", pk=kpi.pk), {"days": asked})

    assert len(answer.context["chart"].labels) == drawn


def test_readings_are_paged(lead: Member, kpi: Kpi, browse: Browse, now: datetime) -> None:
    for back in range(16):
        read(kpi, now.date() - timedelta(days=back), f"0.{10 + back}")

    second = browse(lead).get(_url("kpi_detail", pk=kpi.pk), {"page": 2})

    assert [str(reading.value) for reading in second.context["readings"]] == ["0.240000", "0.250000"]


def test_a_reading_is_entered_in_percent(lead: Member, kpi: Kpi, browse: Browse) -> None:
    data = {"day": "2026-05-18", "value": "3.4"}

    answer = browse(lead).post(_url("kpi_reading", pk=kpi.pk), data, follow=True)

    reading = KpiReading.objects.get()
    assert (reading.value, reading.source) == (Decimal("0.034"), ReadingSource.ENTERED)
    assert "Reading written down: 3.4%" in _text(answer)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"day": "", "value": "3.4"}, "This field is required."),
        ({"day": "2026-05-18", "value": "a lot"}, "Enter a number."),
        ({"day": "2999-01-01", "value": "3.4"}, "In the future."),
    ],
)
def test_a_reading_that_is_refused_is_shown_again_with_the_reason(
    lead: Member, kpi: Kpi, browse: Browse, data: dict[str, str], words: str
) -> None:
    answer = browse(lead).post(_url("kpi_reading", pk=kpi.pk), data)

    assert answer.status_code == 422
    assert words in _text(answer)
    assert f'value="{data["value"]}"' in _text(answer)
    assert not KpiReading.objects.exists()


def test_what_is_measured_refuses_a_reading_by_hand(lead: Member, browse: Browse) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="test.agreed")

    answer = browse(lead).post(_url("kpi_reading", pk=kpi.pk), {"day": "2026-05-18", "value": "3.4"})

    assert answer.status_code == 422
    assert not KpiReading.objects.exists()


def test_measuring_goes_back_to_where_it_was_asked(lead: Member, outsider: Member, browse: Browse) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace, source="test.joined", unit=Unit.COUNT)
    theirs = KpiFactory.create(workspace=outsider.workspace)
    ContactFactory.create(workspace=lead.workspace, created_at=timezone.now())
    client = browse(lead)

    from_page, from_list = (client.post(_url("kpi_measure"), {"kpi": asked}) for asked in (kpi.pk, ""))
    stranger = client.post(_url("kpi_measure"), {"kpi": theirs.pk})

    assert from_page.headers["Location"] == _url("kpi_detail", pk=kpi.pk)
    assert from_list.headers["Location"] == _url("kpi_list")
    assert stranger.status_code == 404
    assert kpi.readings.order_by("-day")[0].value == 1


def test_a_kpi_is_renamed(lead: Member, kpi: Kpi, browse: Browse) -> None:
    data = {"name": "Second orders", "direction": "up", "champion": lead.pk, "description": "Within sixty days"}

    answer = browse(lead).post(_url("kpi_edit", pk=kpi.pk), data)

    assert answer.headers["Location"] == _url("kpi_detail", pk=kpi.pk)
    kpi.refresh_from_db()
    assert (kpi.name, kpi.description) == ("Second orders", "Within sixty days")


def test_a_taken_name_is_refused_on_the_form(lead: Member, kpi: Kpi, browse: Browse) -> None:
    KpiFactory.create(workspace=lead.workspace, name="Refunds")

    answer = browse(lead).post(_url("kpi_edit", pk=kpi.pk), {"name": "Refunds", "direction": "up", "champion": lead.pk})

    assert answer.status_code == 422
    assert "Taken." in _text(answer)


def test_a_kpi_is_put_away(lead: Member, kpi: Kpi, browse: Browse) -> None:
    client = browse(lead)

    answer = client.post(_url("kpi_archive", pk=kpi.pk), follow=True)

    assert answer.redirect_chain == [(_url("kpi_list"), 302)]
    page = _text(client.get(_url("kpi_detail", pk=kpi.pk)))
    assert "Put away" in page
    assert "Enter a reading" not in page


def test_a_kpi_with_an_open_goal_says_why_it_stays(lead: Member, kpi: Kpi, browse: Browse) -> None:
    GoalFactory.create(workspace=lead.workspace, kpi=kpi)
    client = browse(lead)

    page = _text(client.get(_url("kpi_detail", pk=kpi.pk)))
    answer = client.post(_url("kpi_archive", pk=kpi.pk))

    assert _url("kpi_archive", pk=kpi.pk) not in page
    assert "once no open goal is a target on it" in page
    assert answer.status_code == 409
    assert "Close the goal first" in _text(answer)
