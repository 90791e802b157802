"""The sample company: told once, it has to hold together as if it had happened."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, Q
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from audience.models import (
    AnonymousSale,
    Consent,
    ConsentEntry,
    Contact,
    ContactImport,
    ContactProfile,
    ErasureRecord,
    ErasureState,
    Event,
    ImportRefusal,
    ImportState,
    Order,
    PrivacyRequest,
    RequestKind,
    RequestState,
    Segment,
)
from audience.segments.compile import contacts_in
from audience.segments.definition import read_definition
from campaigns.models import Campaign, CampaignState
from campaigns.preflight import preflight, stops
from delivery import planning
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Lane, Nature, Run, RunState
from delivery.queries import run_counts
from emailops.demo import PASSWORD, PEOPLE, seed_if_empty
from emailops.demo.company import tell
from emailops.demo.stage import FIRST_SPRINT, RUNNING_SPRINT, ZONE
from emailops.lib.queue import silence
from insights import facts
from sprints.charts import burndown
from sprints.models import (
    ApprovalRequest,
    ApprovalState,
    OutcomeVerdict,
    RetroAction,
    RetroNote,
    Sprint,
    SprintState,
    Story,
    StoryDecision,
    StoryOutcome,
    StoryStatus,
    Verdict,
)
from sprints.services.approval_links import approval_token, open_approval
from strategy.models import Goal, Kpi, Principle, ReadingSource
from strategy.progress import GoalState
from strategy.queries import goal_lines
from strategy.services import measure_kpi
from workspaces.models import ApiKey, AuditEntry, Invitation, Member, SystemMail, SystemMailState, User, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.timeout(900)  # seconds; telling the story takes a minute, and more beside other tests
NOW = datetime(2026, 5, 18, 11, 30, tzinfo=ZONE)  # a Monday, the sixth working day of the running sprint


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where uploaded files are kept while the story is told."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker, files: Path) -> Iterator[Workspace]:
    """Maren & Moss, told once for all tests of this module, which only look."""
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=files), transaction.atomic(), silence():
        tell(NOW)
        yield Workspace.objects.get(slug="maren-moss")
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_story_that_breaks_off_leaves_nothing_behind() -> None:
    def stumble(line: str) -> None:
        if "Telling" not in line:
            raise RuntimeError(line)

    with pytest.raises(RuntimeError):
        seed_if_empty(stumble)

    assert not Workspace.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_where_somebody_works_already_nothing_is_told(workspace: Workspace) -> None:
    said: list[str] = []

    seed_if_empty(said.append)

    assert said == []
    assert Workspace.objects.get() == workspace


class TestPeople:
    def test_everybody_can_sign_in(self, shop: Workspace) -> None:
        assert all(User.objects.get(email=person.email).check_password(PASSWORD) for person in PEOPLE)

    def test_each_role_is_there(self, shop: Workspace) -> None:
        assert set(Member.objects.for_workspace(shop).values_list("role", flat=True)) == set(Role)

    def test_all_but_the_first_came_by_an_invitation(self, shop: Workspace) -> None:
        joined = AuditEntry.objects.for_workspace(shop).filter(action="member.joined").count()

        assert joined == Member.objects.for_workspace(shop).count() - 1 == 7

    def test_somebody_is_invited_and_not_here_yet(self, shop: Workspace) -> None:
        assert Invitation.objects.for_workspace(shop).open(NOW).count() == 1

    def test_elena_works_in_two_places(self, shop: Workspace) -> None:
        places = Member.objects.filter(user__email="elena@marenmoss.example")

        assert {str(place.workspace) for place in places} == {"Maren & Moss", "Atelier Nord"}

    def test_the_shop_has_a_key_and_another_was_revoked(self, shop: Workspace) -> None:
        valid = ApiKey.objects.for_workspace(shop).valid(NOW).get()

        assert valid.name == "Shop"
        assert valid.last_used_at is not None
        assert ApiKey.objects.for_workspace(shop).exclude(revoked_at=None).count() == 1


class TestAudience:
    def test_about_three_thousand_people_in_three_languages(self, shop: Workspace) -> None:
        contacts = Contact.objects.for_workspace(shop)

        assert 2900 <= contacts.count() <= 3400
        assert set(contacts.values_list("language", flat=True)) == {"en", "bg", "ru"}

    def test_files_were_imported_with_some_rows_refused(self, shop: Workspace) -> None:
        done = ContactImport.objects.for_workspace(shop).filter(state=ImportState.DONE)

        assert done.count() == 5
        assert all(found.created_count and found.refused_count for found in done)
        assert all(found.refusals.count() == found.refused_count for found in done)
        assert ImportRefusal.objects.for_workspace(shop).values("reason").distinct().count() >= 8

    def test_one_file_waits_for_its_columns_to_be_matched(self, shop: Workspace, files: Path) -> None:
        waiting = ContactImport.objects.for_workspace(shop).get(state=ImportState.MAPPING)

        assert waiting.header
        assert (files / str(waiting.file.name)).read_text(encoding="utf-8-sig").count("@") == 8

    def test_every_consent_is_recorded(self, shop: Workspace) -> None:
        last = {
            entry.contact_id: entry.consent
            for entry in ConsentEntry.objects.for_workspace(shop).order_by("contact_id", "at", "pk")
        }
        said = dict(Contact.objects.for_workspace(shop).values_list("pk", "consent"))

        assert {pk: consent for pk, consent in said.items() if consent != Consent.UNKNOWN} == {
            pk: consent for pk, consent in last.items() if consent != Consent.UNKNOWN
        }
        assert Counter(said.values())[Consent.UNKNOWN] > 100

    def test_people_stand_where_their_reactions_put_them(self, shop: Workspace) -> None:
        profiles = ContactProfile.objects.for_workspace(shop)

        assert profiles.count() == Contact.objects.for_workspace(shop).count()
        assert profiles.filter(sent_count__gt=0, open_count__gt=0).exists()
        assert profiles.values("lifecycle").distinct().count() > 2

    def test_every_segment_works_and_holds_somebody(self, shop: Workspace) -> None:
        sizes = {
            segment.name: contacts_in(shop, read_definition(segment.definition), NOW).count()
            for segment in Segment.objects.for_workspace(shop)
        }

        assert len(sizes) >= 6
        assert all(250 <= size <= 2000 for size in sizes.values()), sizes

    def test_orders_span_half_a_year_and_some_people_came_again(self, shop: Workspace) -> None:
        orders = Event.objects.for_workspace(shop).filter(name="order_placed")
        span = orders.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
        per_buyer = Counter(orders.values_list("contact_id", flat=True))

        assert span["last"] - span["first"] > timedelta(days=180)
        assert orders.filter(Q(value=None) | Q(properties={}, source="api") | Q(external_id="")).count() == 0
        assert 0.3 < sum(count > 1 for count in per_buyer.values()) / len(per_buyer) < 0.8
        assert Event.objects.for_workspace(shop).filter(name="quiz_completed").count() > 300

    def test_orders_have_products_and_reach_back_a_year(self, shop: Workspace) -> None:
        orders = Order.objects.for_workspace(shop)

        assert orders.filter(lines=None).count() == 0
        assert orders.filter(placed_at__lt=NOW - timedelta(days=300)).count() > 100
        assert set(orders.values_list("status", flat=True)) == {"paid", "sent", "returned", "cancelled"}
        assert Event.objects.for_workspace(shop).filter(source="site").count() > 50


class TestPrivacy:
    def test_somebody_waits_to_be_forgotten_and_there_is_time_to_answer(self, shop: Workspace) -> None:
        waiting = PrivacyRequest.objects.for_workspace(shop).waiting().get()

        assert waiting.contact is not None
        assert waiting.confirmed_at is not None
        assert waiting.due_on > NOW.date() + timedelta(days=20)

    def test_somebody_who_asked_was_erased_with_all_that_was_known(self, shop: Workspace) -> None:
        receipt = ErasureRecord.objects.for_workspace(shop).get()
        done = PrivacyRequest.objects.for_workspace(shop).get(state=RequestState.DONE)

        assert (receipt.state, receipt.asked_at) == (ErasureState.DONE, done.asked_at)
        assert (done.kind, done.contact, receipt.counts["contact"]) == (RequestKind.ERASURE, None, 1)
        assert receipt.counts["orders"] >= 1
        assert AnonymousSale.objects.for_workspace(shop).count() == receipt.counts["orders"]
        assert not Contact.objects.filter(pk=receipt.contact_number or 0).exists()


class TestStrategy:
    def test_no_kpi_is_without_readings(self, shop: Workspace) -> None:
        counted = Kpi.objects.annotate(count=Count("readings"))

        readings = dict(counted.values_list("name", "count"))

        assert len(readings) >= 8
        assert min(readings.values()) >= 3, readings

    def test_one_kpi_is_entered_by_hand(self, shop: Workspace) -> None:
        by_hand = Kpi.objects.for_workspace(shop).get(source="")

        assert by_hand.readings.filter(source=ReadingSource.ENTERED).count() == 12

    def test_measuring_again_gives_the_same_figure(self, shop: Workspace) -> None:
        for kpi in Kpi.objects.for_workspace(shop).measured():
            reading = kpi.readings.order_by("day")[30]
            again = measure_kpi(kpi=kpi, day=reading.day, now=NOW)

            assert again is not None
            assert again.value == reading.value, kpi

    def test_goals_stand_differently(self, shop: Workspace) -> None:
        lines = goal_lines(Goal.objects.for_workspace(shop).open().with_kpi(), NOW.date())

        assert {line.progress.state for line in lines} >= {GoalState.ON_TRACK, GoalState.AT_RISK, GoalState.OFF_TRACK}
        assert sum(line.goal.parent_id is None for line in lines) == 3

    def test_a_goal_is_closed_with_what_was_learned(self, shop: Workspace) -> None:
        closed = Goal.objects.for_workspace(shop).with_kpi().exclude(closed_at=None)
        (line,) = goal_lines(closed, NOW.date())

        assert line.goal.conclusion
        assert line.progress.state == GoalState.REACHED

    def test_every_principle_has_a_reason_and_an_example(self, shop: Workspace) -> None:
        principles = Principle.objects.for_workspace(shop)

        assert principles.count() == 5
        assert all(principle.reason and principle.example for principle in principles)


class TestSprints:
    def test_five_are_closed_one_runs_one_is_planned(self, shop: Workspace) -> None:
        states = dict(Sprint.objects.for_workspace(shop).order_by("number").values_list("number", "state"))

        assert states == {
            **dict.fromkeys(range(FIRST_SPRINT, RUNNING_SPRINT), SprintState.CLOSED),
            RUNNING_SPRINT: SprintState.RUNNING,
            RUNNING_SPRINT + 1: SprintState.PLANNING,
        }

    def test_each_starts_on_a_monday_and_less_was_delivered_than_planned(self, shop: Workspace) -> None:
        closed = list(Sprint.objects.for_workspace(shop).closed())

        assert all(sprint.start_date.weekday() == 0 for sprint in closed)
        assert all(0 < (sprint.delivered_points or 0) < (sprint.committed_points or 0) for sprint in closed)

    def test_points_are_burnt_day_by_day(self, shop: Workspace) -> None:
        for sprint in (
            Sprint.objects.for_workspace(shop).exclude(state=SprintState.PLANNING).select_related("workspace")
        ):
            chart = burndown(sprint, NOW.date())

            assert chart is not None
            left = [value for value in chart.series[1].values if value is not None]
            assert left == sorted(left, reverse=True)
            assert len(set(left)) >= 3, "one step a day, not all at once"

    def test_the_running_board_has_something_in_every_column_and_a_card_that_is_blocked(self, shop: Workspace) -> None:
        board = Story.objects.for_workspace(shop).filter(sprint__number=RUNNING_SPRINT)

        assert set(board.values_list("status", flat=True)) == set(StoryStatus)
        assert board.filter(blockers__resolved_at=None, blockers__isnull=False).count() == 1

    def test_the_backlog_is_ranked_and_told(self, shop: Workspace) -> None:
        backlog = list(Story.objects.for_workspace(shop).in_backlog().ranked())

        assert 15 <= len(backlog) <= 22
        assert len({story.rank for story in backlog}) == len(backlog)
        assert all(story.as_a and story.i_want and story.so_that and story.goal_id for story in backlog)

    def test_the_owner_asked_for_a_change_and_approved_the_second_version(self, shop: Workspace) -> None:
        versions = ApprovalRequest.objects.for_workspace(shop).filter(sprint__number=12).order_by("version")

        assert [request.verdict for request in versions] == [Verdict.CHANGE, Verdict.APPROVED]

    def test_a_story_was_declined_and_never_sent(self, shop: Workspace) -> None:
        declined = StoryDecision.objects.for_workspace(shop).get(verdict=Verdict.DECLINED)

        assert declined.comment
        assert declined.story.dropped_at is not None
        assert not declined.story.campaigns.exists()

    def test_the_next_plan_waits_for_the_owner_and_its_link_works(self, shop: Workspace) -> None:
        request = ApprovalRequest.objects.for_workspace(shop).get(state=ApprovalState.OPEN)

        assert request.sprint is not None
        assert request.sprint.number == RUNNING_SPRINT + 1
        assert open_approval(approval_token(request), NOW + timedelta(hours=24)) == request

    def test_hypotheses_came_out_differently_and_one_failed(self, shop: Workspace) -> None:
        outcomes = StoryOutcome.objects.for_workspace(shop).filter(story__sprint__state=SprintState.CLOSED)
        verdicts = Counter(outcomes.values_list("verdict", flat=True))

        assert verdicts == {
            OutcomeVerdict.REACHED: 7,
            OutcomeVerdict.PARTLY: 3,
            OutcomeVerdict.NOT_REACHED: 1,
            OutcomeVerdict.UNCLEAR: 1,
        }

    def test_the_failed_one_was_discussed_and_led_to_something(self, shop: Workspace) -> None:
        failed = StoryOutcome.objects.for_workspace(shop).get(verdict=OutcomeVerdict.NOT_REACHED)
        sprint = failed.story.sprint
        assert sprint is not None

        notes = RetroNote.objects.filter(sprint=sprint, text__contains="Dew mist")
        action = RetroAction.objects.get(sprint=sprint, text__contains="bought in the last 30 days")

        assert failed.story.title == "Dew mist is back"
        assert notes.values("author").distinct().count() >= 2
        assert action.story is not None
        assert action.story.status == StoryStatus.DONE

    def test_each_retrospective_has_notes_of_several_people_and_actions(self, shop: Workspace) -> None:
        for sprint in Sprint.objects.for_workspace(shop).closed():
            assert sprint.notes.values("author").distinct().count() >= 3, sprint
            assert set(sprint.notes.values_list("kind", flat=True)) == {"well", "hard", "next"}
            assert sprint.actions.exists()
        assert RetroAction.objects.for_workspace(shop).exclude(story=None).count() >= 4


class TestSending:
    def test_many_mails_were_sent_to_a_few_hundred_up_to_two_thousand_people(self, shop: Workspace) -> None:
        runs = Run.objects.for_workspace(shop)

        assert 12 <= runs.count() <= 16
        assert all(290 <= (run.matched_count or 0) <= 2000 for run in runs)
        assert 15_000 <= Delivery.objects.for_workspace(shop).count() <= 20_000

    def test_every_matched_contact_is_accounted_for(self, shop: Workspace) -> None:
        for run in Run.objects.all():
            counts = run_counts(run, NOW)

            assert run.state == RunState.DONE
            assert counts.pending == 0
            assert counts.unknown == 0
            assert counts.sent + counts.skipped + counts.failed == counts.matched == run.matched_count

    def test_some_were_left_out_and_some_failed(self, shop: Workspace) -> None:
        reasons = set(Delivery.objects.for_workspace(shop).exclude(reason="").values_list("state", "reason"))

        assert {state for state, _reason in reasons} == {DeliveryState.SKIPPED, DeliveryState.FAILED}
        assert len(reasons) >= 4

    def test_nobody_got_a_mail_after_unsubscribing_or_bouncing(self, shop: Workspace) -> None:
        left = ConsentEntry.objects.for_workspace(shop).filter(consent=Consent.WITHDRAWN)
        after = Delivery.objects.filter(
            state=DeliveryState.SENT, contact__consent_log__in=left, decided_at__gt=F("contact__consent_log__at")
        )

        assert left.count() > 40
        assert not after.exists()

    def test_thirty_to_fifty_thousand_reactions_were_kept(self, shop: Workspace) -> None:
        hits = Hit.objects.for_workspace(shop)
        kinds = set(hits.values_list("kind", "nature"))

        assert 30_000 <= hits.count() <= 50_000
        assert kinds == {
            (HitKind.OPEN, Nature.HUMAN), (HitKind.OPEN, Nature.MACHINE), (HitKind.CLICK, Nature.HUMAN),
            (HitKind.CLICK, Nature.MACHINE), (HitKind.UNSUBSCRIBE, Nature.HUMAN),
        }  # fmt: skip

    def test_nobody_reacts_before_the_mail_is_there_and_most_do_soon(self, shop: Workspace) -> None:
        hits = Hit.objects.for_workspace(shop)
        waits = sorted(
            at - sent
            for at, sent in hits.human().filter(kind=HitKind.OPEN).values_list("at", "delivery__decided_at")
            if sent is not None
        )

        assert not hits.filter(at__lt=F("delivery__decided_at")).exists()
        assert waits[len(waits) // 2] < timedelta(hours=12)
        assert waits[-1] > timedelta(days=3), "a long tail"

    def test_every_link_that_was_clicked_stands_in_its_mail(self, shop: Workspace) -> None:
        clicked = set(Hit.objects.for_workspace(shop).exclude(url="").values_list("run_id", "url"))
        html = dict(Run.objects.for_workspace(shop).values_list("pk", "content__html"))

        assert all(url.replace("&", "&amp;") in html[run] for run, url in clicked)
        assert {urlsplit(url).hostname for _run, url in clicked} == {"marenmoss.example"}
        assert all(len({url for run, url in clicked if run == pk}) >= 2 for pk in html)

    def test_orders_follow_clicks(self, shop: Workspace) -> None:
        runs = list(Run.objects.for_workspace(shop))

        credited = [facts.credited_to(shop, [run], NOW) for run in runs]

        assert all(one.orders for one in credited)
        assert 8_000 < sum(one.revenue for one in credited) < 25_000

    def test_one_campaign_goes_out_on_the_next_working_morning(self, shop: Workspace) -> None:
        campaign = Campaign.objects.with_parts().for_workspace(shop).get(state=CampaignState.SCHEDULED)

        assert campaign.scheduled_at == datetime(2026, 5, 19, 9, 30, tzinfo=ZONE)
        assert stops(preflight(campaign, NOW)) == []

    def test_one_draft_cannot_go_out_because_of_a_broken_link(self, shop: Workspace) -> None:
        campaign = Campaign.objects.with_parts().for_workspace(shop).get(state=CampaignState.DRAFT)

        assert campaign.name == "Peony lip tint: early access"
        (problem,) = stops(preflight(campaign, NOW))
        assert "peony-tint/shade-03" in problem.detail

    def test_what_is_written_is_personal_and_fills_in_for_everybody(self, shop: Workspace) -> None:
        sent = Campaign.objects.for_workspace(shop).launched().select_related("content")

        assert all(campaign.content and "{{ contact." in campaign.content.source for campaign in sent)
        assert not Delivery.objects.filter(reason="render_failed").exists()


class TestTheEnd:
    def test_nothing_is_left_to_do_but_mails_that_wait_for_an_answer(self, shop: Workspace) -> None:
        waiting = SystemMail.objects.exclude(state=SystemMailState.SENT)

        assert {(mail.kind, mail.to) for mail in waiting} == {
            ("sprints.approval", "marta@marenmoss.example"),
            ("sprints.approval_message", "marta@marenmoss.example"),
            ("audience.opt_in", "nadia.holt@readers.example"),
        }
        assert planning.start_due(NOW) == 0
        assert not Run.objects.active().exists()
        assert not Lane.objects.exists()
        assert not ContactImport.objects.unfinished().exists()

    def test_no_bell_was_rung_and_no_mail_left(self, shop: Workspace) -> None:
        assert connection.run_on_commit == []
        assert mail.outbox == []

    def test_nothing_lies_in_the_future(self, shop: Workspace) -> None:
        assert not AuditEntry.objects.filter(at__gt=NOW).exists()
        assert not Hit.objects.filter(at__gt=NOW).exists()
        assert not Event.objects.filter(occurred_at__gt=NOW).exists()
        assert not Delivery.objects.filter(decided_at__gt=NOW).exists()
        assert not Story.objects.filter(updated_at__gt=NOW).exists()

    def test_every_area_left_its_traces_in_the_audit_log(self, shop: Workspace) -> None:
        actions = AuditEntry.objects.for_workspace(shop).values_list("action", flat=True).distinct()

        assert {action.partition(".")[0] for action in actions} >= {
            "workspace", "invitation", "member", "api_key", "import", "contact", "consent", "address", "events",
            "segment", "kpi", "goal", "principle", "story", "sprint", "approval", "retro", "campaign", "run",
        }  # fmt: skip

    def test_the_second_workspace_is_small_but_not_empty(self, shop: Workspace) -> None:
        other = Workspace.objects.get(slug="atelier-nord")

        assert Contact.objects.for_workspace(other).count() == 84
        assert Sprint.objects.for_workspace(other).running().count() == 1
        assert Delivery.objects.for_workspace(other).filter(state=DeliveryState.SENT).count() > 70
        assert Hit.objects.for_workspace(other).human().exists()
        assert Goal.objects.for_workspace(other).exists()
        assert Principle.objects.for_workspace(other).exists()

    def test_nothing_crosses_the_wall_between_the_two(self, shop: Workspace) -> None:
        assert not Delivery.objects.exclude(contact=None).exclude(workspace=F("contact__workspace")).exists()
        assert not Hit.objects.exclude(workspace=F("run__workspace")).exists()
        assert not Story.objects.exclude(sprint=None).exclude(workspace=F("sprint__workspace")).exists()

    def test_addresses_that_do_not_exist_are_never_written_to_again(self, shop: Workspace) -> None:
        refused = Delivery.objects.for_workspace(shop).filter(state=DeliveryState.FAILED, reason="refused")

        assert refused.values("address").distinct().count() == refused.count() > 10
