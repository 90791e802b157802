"""A send in the browser: how far it is, the buttons that stop it, everybody it was for."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampaignState
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState
from delivery.views.runs import PAGE_SIZE
from tests.factories.delivery import SKIPPED, DeliveryFactory, RunFactory, SentCampaignFactory, run_to
from workspaces.models import AuditEntry, Member, Workspace

Browse = Callable[[Member], Client]
HTMX = {"HX-Request": "true"}


def url(name: str, run: Run) -> str:
    return reverse(f"delivery:{name}", kwargs={"workspace": run.workspace.slug, "pk": run.campaign_id})


def run_in(workspace: Workspace, state: RunState, **fields: object) -> Run:
    """A run in this state, with its campaign in the one that belongs to it."""
    campaign_states = {RunState.PAUSED: CampaignState.PAUSED, RunState.DONE: CampaignState.SENT}
    ended = {"finished_at": datetime(2026, 5, 18, 9, 30, tzinfo=UTC)} if Run(state=state).has_ended else {}
    made: Run = RunFactory.create(
        workspace=workspace,
        state=state,
        campaign__state=campaign_states.get(state, CampaignState.SENDING),
        **{**ended, **fields},
    )
    return made


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A run that sends: two were sent, one left out, one failed, one waits, one is tried again."""
    made: Run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create_batch(2, run=made, state=DeliveryState.SENT)
    DeliveryFactory.create(run=made, **SKIPPED)
    DeliveryFactory.create(
        run=made, state=DeliveryState.FAILED, reason=Reason.REFUSED, reply_text="550 <b>Nobody</b> here"
    )
    DeliveryFactory.create(run=made, contact__email="ann@example.org", contact__first_name="Ann")
    DeliveryFactory.create(
        run=made, state=DeliveryState.DEFERRED, next_attempt_at=datetime(2026, 5, 18, 9, 30, tzinfo=UTC)
    )
    return made


def page(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


class TestPanel:
    def test_it_shows_the_ledger_in_numbers_and_leads_to_the_people(
        self, run: Run, marketer: Member, browse: Browse
    ) -> None:
        shown = page(browse(marketer), url("run_panel", run))

        assert "4 of 6 settled" in shown
        assert "1 is tried again from 18 May 2026, 12:30" in shown
        for state, number in (("sent", 2), ("pending", 2), ("skipped", 1), ("failed", 1)):
            assert f'{url("recipient_list", run)}?state={state}">{number}</a>' in shown
        assert f"{url('recipient_list', run)}?state=failed&amp;reason=refused" in shown
        assert "The receiving server refused the address" in shown

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (RunState.PLANNING, "Making the list"),
            (RunState.SENDING, "Sending"),
            (RunState.PAUSED, "Paused"),
            (RunState.CANCELLED, "Cancelled"),
            (RunState.DONE, "Sent to 0 people"),
        ],
    )
    def test_it_says_where_the_send_stands_and_asks_again_only_while_that_changes(
        self, workspace: Workspace, lead: Member, browse: Browse, state: RunState, words: str
    ) -> None:
        run = run_in(workspace, state)

        shown = page(browse(lead), url("run_panel", run))

        assert f'<h2 id="run-h">{words}</h2>' in shown
        assert ('hx-trigger="every 2s"' in shown) == run.is_moving

    @pytest.mark.parametrize(
        ("state", "offered"),
        [
            (RunState.PLANNING, {"run_pause", "run_cancel"}),
            (RunState.SENDING, {"run_pause", "run_cancel"}),
            (RunState.PAUSED, {"run_resume", "run_cancel"}),
            (RunState.CANCELLED, set()),
            (RunState.DONE, set()),
        ],
    )
    def test_it_offers_what_can_be_done_now_to_those_who_may(
        self, workspace: Workspace, lead: Member, guest: Member, browse: Browse, state: RunState, offered: set[str]
    ) -> None:
        run = run_in(workspace, state)

        ours, theirs = (page(browse(member), url("run_panel", run)) for member in (lead, guest))

        buttons = ("run_pause", "run_resume", "run_cancel")
        assert {name for name in buttons if f'action="{url(name, run)}"' in ours} == offered
        assert not any(f'action="{url(name, run)}"' in theirs for name in buttons)

    def test_who_may_not_see_contacts_sees_numbers_without_a_way_to_them(
        self, run: Run, guest: Member, browse: Browse
    ) -> None:
        shown = page(browse(guest), url("run_panel", run))

        assert "4 of 6 settled" in shown
        assert url("recipient_list", run) not in shown

    @pytest.mark.parametrize("state", [RunState.SENDING, RunState.PAUSED])
    def test_the_relays_trouble_is_shown_as_text(
        self, workspace: Workspace, lead: Member, browse: Browse, state: RunState
    ) -> None:
        run = run_in(workspace, state, trouble="535 <i>Wrong password</i>")

        shown = page(browse(lead), url("run_panel", run))

        assert "535 &lt;i&gt;Wrong password&lt;/i&gt;" in shown
        assert 'role="alert"' in shown

    def test_htmx_gets_the_figures_alone_and_a_new_page_when_it_stopped(
        self, run: Run, lead: Member, browse: Browse
    ) -> None:
        client, address = browse(lead), url("run_panel", run)

        moving = client.get(address, headers=HTMX)
        Run.objects.update(state=RunState.DONE)
        stopped = client.get(address, headers=HTMX)

        assert "<html" not in moving.content.decode()
        assert 'id="run-figures"' in moving.content.decode()
        assert "HX-Refresh" not in moving.headers
        assert stopped.headers["HX-Refresh"] == "true"

    def test_what_stands_around_the_figures_is_new_when_the_send_moves_on(
        self, run: Run, lead: Member, browse: Browse
    ) -> None:
        client, address = browse(lead), url("run_panel", run)

        same, later = (client.get(address, {"shown": shown}, headers=HTMX) for shown in ("sending", "planning"))

        assert "HX-Refresh" not in same.headers
        assert later.headers["HX-Refresh"] == "true"

    def test_providers_stand_in_a_disclosure_whose_rows_alone_are_swapped(
        self, run: Run, lead: Member, browse: Browse
    ) -> None:
        client = browse(lead)

        whole = page(client, url("run_panel", run))
        swapped = client.get(url("run_panel", run), headers=HTMX).content.decode()

        assert '<details class="run__groups" id="run-groups" open>' in whole
        assert "All other domains" in whole
        assert "hx-swap-oob" not in whole
        assert '<table class="table groups" id="run-group-rows" hx-swap-oob="true"' in swapped
        assert 'id="run-groups"' not in swapped

    def test_a_send_without_a_list_has_no_providers(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        run = run_in(workspace, RunState.PLANNING)

        assert "By mailbox provider" not in page(browse(lead), url("run_panel", run))

    def test_a_campaign_that_was_not_started_has_none(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        campaign = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT, launched_at=None)
        address = reverse("delivery:run_panel", kwargs={"workspace": workspace.slug, "pk": campaign.pk})

        assert browse(lead).get(address).status_code == 404

    def test_it_costs_the_same_for_a_large_send(
        self, run: Run, lead: Member, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        DeliveryFactory.create_batch(30, run=run)
        DeliveryFactory.create(run=run, state=DeliveryState.SENT, decided_at=timezone.now())
        client = browse(lead)
        client.get(url("run_panel", run))

        with django_assert_max_num_queries(14):
            client.get(url("run_panel", run), headers=HTMX)


class TestButtons:
    @pytest.mark.parametrize(
        ("before", "name", "after", "said"),
        [
            (RunState.SENDING, "run_pause", RunState.PAUSED, "Each worker stops after the message in its hands"),
            (RunState.PAUSED, "run_resume", RunState.SENDING, "It goes on"),
            (RunState.SENDING, "run_cancel", RunState.CANCELLED, "Those who were still waiting get nothing"),
        ],
    )
    def test_a_button_does_it_and_says_so(
        self,
        workspace: Workspace,
        lead: Member,
        browse: Browse,
        before: RunState,
        name: str,
        after: RunState,
        said: str,
    ) -> None:
        run = run_in(workspace, before)

        answer = browse(lead).post(url(name, run), follow=True)

        run.refresh_from_db()
        assert run.state == after
        assert answer.redirect_chain == [
            (reverse("campaigns:campaign_detail", kwargs={"workspace": "maren-moss", "pk": run.campaign_id}), 302)
        ]
        assert said in answer.content.decode()
        assert AuditEntry.objects.latest("pk").member == lead

    @pytest.mark.parametrize(
        ("state", "name", "said"),
        [
            (RunState.DONE, "run_pause", "there is nothing to pause"),
            (RunState.SENDING, "run_resume", "not paused"),
            (RunState.DONE, "run_cancel", "has ended already"),
        ],
    )
    def test_a_button_that_comes_too_late_says_why(
        self, workspace: Workspace, lead: Member, browse: Browse, state: RunState, name: str, said: str
    ) -> None:
        run = run_in(workspace, state)

        answer = browse(lead).post(url(name, run))

        assert answer.status_code == 409
        assert said in answer.content.decode()
        assert not AuditEntry.objects.exists()


def addresses(shown: str, run: Run) -> set[str]:
    """Whose rows a page shows."""
    return {row.address for row in run.deliveries.all() if row.address in shown}


class TestRecipients:
    def test_everybody_is_shown_with_state_reason_and_the_servers_words(
        self, run: Run, marketer: Member, browse: Browse
    ) -> None:
        shown = page(browse(marketer), url("recipient_list", run))

        assert "6 people matched the segment" in shown
        assert len(addresses(shown, run)) == 6
        for words in ("No consent", "550 &lt;b&gt;Nobody&lt;/b&gt; here", "again 18 May 2026, 12:30", "Ann"):
            assert words in shown

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"state": "sent"}, {DeliveryState.SENT}),
            ({"state": "pending"}, {DeliveryState.QUEUED, DeliveryState.DEFERRED}),
            ({"reason": "refused"}, {DeliveryState.FAILED}),
            ({"state": "skipped", "reason": "no_consent"}, {DeliveryState.SKIPPED}),
            ({"q": "ANN@"}, {DeliveryState.QUEUED}),
            ({"state": "sent", "q": "ann"}, set()),
            ({"state": "nonsense"}, set()),
            ({"reason": "refused\0"}, {DeliveryState.FAILED}),
            ({"state": "\0", "q": "\0"}, set(DeliveryState)),
        ],
    )
    def test_they_can_be_narrowed(
        self, run: Run, marketer: Member, browse: Browse, asked: dict[str, str], expected: set[DeliveryState]
    ) -> None:
        shown = page(browse(marketer), url("recipient_list", run), **asked)

        states = set(run.deliveries.filter(address__in=addresses(shown, run)).values_list("state", flat=True))
        assert states == expected & set(run.deliveries.values_list("state", flat=True))
        assert ("Nobody found" in shown) == (not expected)

    def test_the_filters_stay_in_the_form_and_in_the_export(self, run: Run, marketer: Member, browse: Browse) -> None:
        shown = page(browse(marketer), url("recipient_list", run), state="failed", q='"><script>')

        assert 'value="failed" selected' in shown
        assert "&quot;&gt;&lt;script&gt;" in shown
        assert f"{url('recipients_csv', run)}?state=failed" in shown
        assert "Export these" in shown

    def test_pages_lead_on_and_back_and_keep_the_filter(self, run: Run, marketer: Member, browse: Browse) -> None:
        DeliveryFactory.create_batch(PAGE_SIZE, run=run, state=DeliveryState.SENT)
        rows = list(run.deliveries.filter(state=DeliveryState.SENT).order_by("pk"))
        client, address = browse(marketer), url("recipient_list", run)

        first = page(client, address, state="sent")
        second = page(client, address, state="sent", after=str(rows[PAGE_SIZE - 1].pk))
        back = page(client, address, state="sent", before=str(rows[PAGE_SIZE].pk))

        assert f"?state=sent&amp;after={rows[PAGE_SIZE - 1].pk}" in first
        assert 'rel="prev"' not in first
        assert addresses(second, run) == {row.address for row in rows[PAGE_SIZE:]}
        assert f"?state=sent&amp;before={rows[PAGE_SIZE].pk}" in second
        assert addresses(back, run) == addresses(first, run)

    @pytest.mark.parametrize("place", ["abc", "-1", "9" * 30, "²", ""])
    def test_nonsense_for_a_place_is_the_first_page(
        self, run: Run, marketer: Member, browse: Browse, place: str
    ) -> None:
        shown = page(browse(marketer), url("recipient_list", run), after=place, before=place)

        assert len(addresses(shown, run)) == 6

    def test_somebody_removed_keeps_the_row_without_a_name(self, run: Run, marketer: Member, browse: Browse) -> None:
        ann = run.deliveries.get(address="ann@example.org")
        assert ann.contact is not None
        ann.contact.delete()

        shown = page(browse(marketer), url("recipient_list", run), q="ann")

        assert "Removed" in shown
        assert "ann@example.org" in shown

    def test_before_the_list_is_made_it_says_so(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        run = run_in(workspace, RunState.PLANNING, planned_at=None)

        shown = page(browse(marketer), url("recipient_list", run))

        assert "The list is not made yet" in shown

    def test_a_page_costs_the_same_for_one_as_for_fifty(
        self, run: Run, marketer: Member, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        DeliveryFactory.create_batch(PAGE_SIZE, run=run, state=DeliveryState.SENT)
        client = browse(marketer)
        client.get(url("recipient_list", run))

        with django_assert_max_num_queries(11):
            client.get(url("recipient_list", run))


def table(client: Client, run: Run, **asked: str) -> list[list[str]]:
    answer = client.get(url("recipients_csv", run), asked)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer).decode())))


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
class TestExport:
    def test_it_holds_every_row_in_the_readers_words_and_clock(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        run = RunFactory.create(workspace=workspace)
        at = datetime(2026, 5, 18, 21, 30, tzinfo=UTC)
        DeliveryFactory.create(
            run=run, contact__email="ann@example.org", state=DeliveryState.FAILED, reason=Reason.REFUSED,
            reply_text="550 Nobody, here", attempt=2, decided_at=at,
        )  # fmt: skip
        DeliveryFactory.create(run=run, contact__email="bob@example.org")

        header, *rows = table(browse(marketer), run)

        assert header == ["Address", "State", "Reason", "The server’s answer", "Attempts", "When"]
        refused = "The receiving server refused the address"
        assert rows == [
            ["ann@example.org", "Failed", refused, "550 Nobody, here", "2", "2026-05-19 00:30:00+03:00"],
            ["bob@example.org", "Waiting", "", "", "0", ""],
        ]

    def test_it_holds_what_the_page_shows_with_the_same_filters(
        self, run: Run, marketer: Member, browse: Browse
    ) -> None:
        rows = table(browse(marketer), run, state="pending", q="ann")

        assert [row[0] for row in rows[1:]] == ["ann@example.org"]

    def test_it_is_not_paged(self, run: Run, marketer: Member, browse: Browse) -> None:
        DeliveryFactory.create_batch(PAGE_SIZE, run=run)

        assert len(table(browse(marketer), run)) == 1 + Delivery.objects.filter(run=run).count()

    @pytest.mark.parametrize("evil", ["=cmd|' /c calc'!a1", "+1", "-1", "@sum(1)"])
    def test_no_spreadsheet_runs_what_strangers_wrote(
        self, workspace: Workspace, marketer: Member, browse: Browse, evil: str
    ) -> None:
        row = DeliveryFactory.create(
            run__workspace=workspace, state=DeliveryState.FAILED, reply_text=evil, address=f"{evil[:6]}@example.org"
        )

        _header, cells = table(browse(marketer), row.run)

        assert cells[0] == f"'{row.address}"
        assert cells[3] == f"'{evil}"

    def test_a_large_ledger_takes_few_statements(
        self, run: Run, marketer: Member, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        DeliveryFactory.create_batch(100, run=run)
        client = browse(marketer)
        table(client, run)

        with django_assert_max_num_queries(7):
            table(client, run)


def test_the_campaigns_own_page_holds_the_panel(run: Run, lead: Member, browse: Browse) -> None:
    address = reverse("campaigns:campaign_detail", kwargs={"workspace": run.workspace.slug, "pk": run.campaign_id})

    shown = page(browse(lead), address)

    assert 'id="run-panel"' in shown
    assert f'action="{url("run_pause", run)}"' in shown


def test_a_send_that_is_late_says_how_long_it_will_take(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    run, _waiting = run_to(workspace, 40)
    DeliveryFactory.create_batch(20, run=run, state=DeliveryState.SENT, decided_at=now - timedelta(seconds=20))

    shown = page(browse(lead), url("run_panel", run))

    assert "20 a minute" in shown
    assert "about 2 minutes left" in shown
