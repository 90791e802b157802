"""What shops, web sites and surveys know of a person: erased, let go by rule, named in the record of processing."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audience import intake
from audience.erasing.sales import keeps_books
from audience.models import (
    ORDER_EVENT,
    AnonymousSale,
    AnswerValue,
    Consent,
    Contact,
    Event,
    Handling,
    ImportRefusal,
    ImportWhat,
    Order,
    RetentionRun,
    SiteVisitor,
    Source,
    SurveyAnswer,
    SurveyStatus,
)
from audience.processing import processing_record
from audience.retention import keeping
from audience.services import NewEvent, NewOrder, Whose, record_events, record_orders, retention
from audience.services.erasures import erase_contact, finish_erasure, person_of
from audience.services.sites import person_token
from audience.services.survey_answers import SurveyGone, guest_of, survey_token
from audience.services.visitors import Report, take_report
from audience.survey_results import results_of
from sprints.models import StoryOrigin
from tests.factories.audience import AnswerFactory, ContactFactory, ImportFactory, QuestionFactory, SurveyFactory
from tests.factories.commerce import OrderLineFactory, ShopOrderFactory, SiteFactory
from tests.factories.imports import started
from tests.factories.privacy import ADDRESS, BROWSER, NAME, places_that_hold, vera
from workspaces.models import Member, Workspace

LONG_AGO = timedelta(days=5000)


def _erase(contact: Contact, by: Member, now: datetime) -> None:
    finish_erasure(erase_contact(contact=contact, by=by, now=now).pk, timezone.now)


def _night(by: Member, kind: str, now: datetime, handling: Handling | None = None) -> None:
    kept = keeping(kind)
    assert kept is not None
    how = handling or kept.usual_handling
    retention.set_rule(
        workspace=by.workspace, kind=kind, days=kept.usual_days, handling=how, is_on=True, by=by, now=now
    )
    retention.begin_rounds(now)
    for round_ in RetentionRun.objects.unfinished().order_by("pk"):
        retention.go_on(round_.pk, timezone.now)


class TestErasing:
    """Nothing stays, and nothing comes back."""

    def test_orders_events_browsers_and_answers_go_and_what_others_said_stays(
        self, lead: Member, now: datetime
    ) -> None:
        _erase(vera(lead, now), lead, now)

        assert not Order.objects.exists()
        assert not Event.objects.exists()
        assert list(SiteVisitor.objects.values_list("key", flat=True)) == ["another"]
        assert SurveyAnswer.objects.get().contact is None
        assert AnswerValue.objects.get(question__text="Why?").text == "[erased] ([erased]) rang from [erased]"

    def test_a_story_of_an_answer_stays_the_teams_and_names_nobody(self, lead: Member, now: datetime) -> None:
        _erase(vera(lead, now), lead, now)

        origin = StoryOrigin.objects.select_related("story").get(system="survey")
        assert origin.contact is None
        assert "rang from" in origin.story.problem
        assert NAME not in f"{origin.words} {origin.story.title} {origin.story.problem}"

    @pytest.mark.parametrize("adds", [True, False])
    def test_neither_orders_nor_events_bring_the_person_back(self, adds: bool, lead: Member, now: datetime) -> None:
        _erase(vera(lead, now), lead, now)
        given: dict[str, Any] = {"workspace": lead.workspace, "by": lead, "now": now, "adds_people": adds}

        orders = record_orders(orders=[NewOrder(Whose(ADDRESS), "A-2", now, total=Decimal(10))], **given)
        events = record_events(events=[NewEvent(Whose(ADDRESS), "visited", now)], **given)

        assert [taken.became for taken in (*orders, *events)] == ["refused", "refused"]
        assert places_that_hold(ADDRESS) == []
        assert not Contact.objects.filter(workspace=lead.workspace).exists()

    def test_a_file_of_orders_keeps_no_row_of_the_person_also_where_only_the_first_says_whose_it_is(
        self, lead: Member, now: datetime
    ) -> None:
        _erase(vera(lead, now), lead, now)
        text = (
            "order id,email,placed at,total,product\n"
            f"B-7,{ADDRESS},2026-05-18,40,Rose balm\nB-7,,,,Cedar soap\n"
            "B-8,ann@example.org,2026-05-18,20,Cedar soap\n"
        )

        found = started(text, by=lead, now=now, adds_people=True)
        intake.run_import(found.pk, timezone.now)

        assert list(Order.objects.values_list("external_id", flat=True)) == ["B-8"]
        assert list(ImportRefusal.objects.filter(contact_import=found).values_list("cells", flat=True)) == [[], []]
        assert places_that_hold(ADDRESS) == places_that_hold("B-7") == []

    def test_a_row_that_was_refused_before_loses_all_its_cells(self, lead: Member, now: datetime) -> None:
        found = ImportFactory.create(workspace=lead.workspace, created_by=lead, state="done")
        ImportRefusal.objects.create(
            workspace=lead.workspace, contact_import=found, line=2, reason="No", cells=[ADDRESS, "Vera", "Holmqvist"]
        )

        _erase(vera(lead, now), lead, now)

        assert not ImportRefusal.objects.exclude(cells=[]).exists()

    def test_the_browser_of_an_erased_person_is_a_strangers(self, lead: Member, now: datetime) -> None:
        site = SiteFactory.create(workspace=lead.workspace)
        person = vera(lead, now)
        token = person_token(person, now)
        _erase(person, lead, now)
        deed = {"kind": "event", "name": "visited", "id": "v-1", "properties": {}}

        take_report(site=site, report=Report(BROWSER, token, [deed]), now=now)

        assert SiteVisitor.objects.get(key=BROWSER).contact is None
        assert not Event.objects.exists()

    def test_a_survey_link_of_an_erased_person_answers_for_nobody(self, lead: Member, now: datetime) -> None:
        person = vera(lead, now)
        token = survey_token(SurveyFactory.create(workspace=lead.workspace), person)
        _erase(person, lead, now)

        with pytest.raises(SurveyGone):
            guest_of(token)


class TestRules:
    """What goes by age."""

    @pytest.fixture
    def order(self, lead: Member, now: datetime) -> Order:
        contact = ContactFactory.create(workspace=lead.workspace)
        made: Order = ShopOrderFactory.create(contact=contact, external_id="O-1", placed_at=now - LONG_AGO)
        OrderLineFactory.create(order=made)
        _event(contact, now - LONG_AGO, name=ORDER_EVENT, external_id="O-1", value=50)
        return made

    def test_an_order_and_its_event_go_together(self, order: Order, lead: Member, now: datetime) -> None:
        _night(lead, "events", now)
        stayed = Event.objects.filter(name=ORDER_EVENT).exists()

        _night(lead, "orders", now)

        assert stayed
        assert not Event.objects.exists()
        assert not Order.objects.exists()
        assert keeps_books(person_of(order.contact))
        assert AnonymousSale.objects.get().lines[0]["name"] == "Glow serum"

    def test_orders_that_are_deleted_leave_nothing_for_the_books(
        self, order: Order, lead: Member, now: datetime
    ) -> None:
        _night(lead, "orders", now, Handling.DELETE)

        assert not Order.objects.exists()
        assert not AnonymousSale.objects.exists()

    def test_what_web_sites_report_goes_alone(self, lead: Member, now: datetime) -> None:
        contact = ContactFactory.create(workspace=lead.workspace)
        told = _event(contact, now - LONG_AGO)
        _event(contact, now - LONG_AGO, source=Source.SITE)

        _night(lead, "site_reports", now)

        assert list(Event.objects.all()) == [told]

    def test_answers_lose_names_and_words_and_results_stay(self, lead: Member, now: datetime) -> None:
        answer = _answer(lead.workspace, now - LONG_AGO)
        before = results_of(answer.survey, lead)

        _night(lead, "survey_answers", now)

        answer.refresh_from_db()
        assert (answer.contact, answer.mail) == (None, None)
        assert [value.number for value in answer.values.all()] == [9]
        assert results_of(answer.survey, lead).responses == before.responses == 1

    def test_answers_can_be_deleted_instead(self, lead: Member, now: datetime) -> None:
        _answer(lead.workspace, now - LONG_AGO)

        _night(lead, "survey_answers", now, Handling.DELETE)

        assert not SurveyAnswer.objects.exists()

    @pytest.mark.parametrize("sign", ["answer", "browser"])
    def test_who_answered_or_came_by_is_not_inactive(self, sign: str, lead: Member, now: datetime) -> None:
        past = {"created_at": now - LONG_AGO, "updated_at": now - LONG_AGO}
        contact = ContactFactory.create(workspace=lead.workspace, consent=Consent.UNKNOWN, **past)
        if sign == "answer":
            AnswerFactory.create(survey__workspace=lead.workspace, contact=contact, at=now)
        else:
            site = SiteFactory.create(workspace=lead.workspace)
            SiteVisitor.objects.create(workspace=lead.workspace, site=site, key="b", contact=contact, seen_at=now)

        _night(lead, "inactive_contacts", now)

        assert Contact.objects.filter(pk=contact.pk).exists()


def _event(contact: Contact, at: datetime, **fields: object) -> Event:
    return Event.objects.create(
        workspace=contact.workspace, contact=contact, **{"name": "visited", "occurred_at": at, **fields}
    )


def _answer(workspace: Workspace, at: datetime) -> SurveyAnswer:
    survey = SurveyFactory.create(workspace=workspace)
    answer: SurveyAnswer = AnswerFactory.create(survey=survey, at=at, changed_at=at, mail=7, ticket=8)
    score, why = QuestionFactory.create(survey=survey), QuestionFactory.create(survey=survey, kind="long")
    answer.values.create(workspace=workspace, question=score, number=9)
    answer.values.create(workspace=workspace, question=why, text="The lid leaks")
    return answer


class TestRecord:
    """The record of processing."""

    def test_it_names_surveys_web_sites_and_orders(self, lead: Member, now: datetime) -> None:
        workspace = lead.workspace
        SurveyFactory.create(workspace=workspace, name="After the parcel")
        SurveyFactory.create(workspace=workspace, name="Quiet one", is_anonymous=True)
        SurveyFactory.create(workspace=workspace, name="Being written", status=SurveyStatus.DRAFT)
        SiteFactory.create(workspace=workspace, name="Shop", origins=["https://shop.example"])
        ShopOrderFactory.create(contact__workspace=workspace)
        ImportFactory.create(workspace=workspace, state="done", what=ImportWhat.ORDERS, filename="may.csv")

        told = [(entry.label, entry.words) for chapter in processing_record(workspace) for entry in chapter.entries]

        words = dict(told)
        assert "Surveys" in words
        assert words["Answers to survey “Quiet one”"] == "without names"
        assert "Answers to survey “Being written”" not in words
        assert words["Web site “Shop”"] == "https://shop.example"
        assert words["Browsers on web sites, and what unknown ones did"] == "30 days, then: deleted"
        assert any(label == "Orders" and "products" in said for label, said in told)
        assert any("may.csv" in label and "Orders" in said for label, said in told)
