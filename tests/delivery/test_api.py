"""Sends by the API: how they are going, whom they reached, the buttons that stop them, test mails."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from campaigns.models import Campaign, CampaignState
from delivery.models import DeliveryState, Reason, Run, RunState
from tests.conftest import Bell
from tests.factories.audience import ContactFactory
from tests.factories.delivery import SKIPPED, DeliveryFactory, RunFactory, SentCampaignFactory, run_to
from workspaces.audit import record
from workspaces.models import AuditEntry, Member, Workspace

AT = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)


@pytest.fixture
def client(lead: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(lead)


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    made: Campaign = SentCampaignFactory.create(workspace=workspace, state=CampaignState.DRAFT, launched_at=None)
    return made


def url(name: str, run: Run) -> str:
    return reverse(f"api:{name}", kwargs={"pk": run.campaign_id})


class TestRuns:
    def test_a_send_is_told_by_mailbox_provider(self, client: APIClient, workspace: Workspace) -> None:
        run, rows = run_to(workspace, 3)
        run.deliveries.filter(pk=rows[0].pk).update(state=DeliveryState.SENT, decided_at=timezone.now())

        answer = client.get(url("run-detail", run))

        assert answer.json()["groups"] == [
            {
                "group": "other", "words": "All other domains", "people": 3, "sent": 1, "failed": 0, "unknown": 0,
                "pending": 2, "per_minute": 1.0,
            }
        ]  # fmt: skip

    def test_a_send_is_told_by_its_ledger(self, client: APIClient, workspace: Workspace) -> None:
        run = RunFactory.create(workspace=workspace, started_at=AT)
        DeliveryFactory.create_batch(2, run=run, state=DeliveryState.SENT, decided_at=AT)
        DeliveryFactory.create(run=run, **SKIPPED)
        DeliveryFactory.create(run=run, state=DeliveryState.DEFERRED, next_attempt_at=AT)

        answer = client.get(url("run-detail", run))

        assert answer.json() == {
            "campaign": run.campaign_id, "state": "sending", "trouble": "", "retry_at": None,
            "unknown_policy": "hold", "warning": "", "standstill": {
                "what": "Nothing has looked for work because beat or the default worker does not run.",
                "advice": "Start them; the send then goes on by itself.",
            },
            "started_at": "2026-05-18T09:30:00Z", "planned_at": "2026-05-18T09:30:00Z", "finished_at": None,
            "counts": {
                "matched": 4, "sent": 2, "skipped": 1, "failed": 0, "unknown": 0, "pending": 1, "deferred": 1,
                "next_attempt_at": "2026-05-18T09:30:00Z", "per_minute": 0.0,
            },
            "reasons": [{"state": "skipped", "reason": "no_consent", "words": "No consent", "people": 1}],
            "speed_limit": None, "slowed": [], "used_up": [], "groups": [],
        }  # fmt: skip

    def test_before_its_time_there_is_no_send(self, client: APIClient, campaign: Campaign) -> None:
        answer = client.get(reverse("api:run-detail", kwargs={"pk": campaign.pk}))

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("before", "verb", "after"),
        [
            (RunState.SENDING, "pause", RunState.PAUSED),
            (RunState.PAUSED, "resume", RunState.SENDING),
            (RunState.SENDING, "cancel", RunState.CANCELLED),
        ],
    )
    def test_a_verb_answers_with_what_is_now(
        self, client: APIClient, workspace: Workspace, lead: Member, before: RunState, verb: str, after: RunState
    ) -> None:
        campaign_state = CampaignState.PAUSED if before == RunState.PAUSED else CampaignState.SENDING
        run = RunFactory.create(workspace=workspace, state=before, campaign__state=campaign_state)

        answer = client.post(url(f"run-{verb}", run))

        assert (answer.status_code, answer.json()["state"]) == (200, after)
        entry = AuditEntry.objects.latest("pk")
        assert (entry.member, entry.via.startswith("test (")) == (lead, True)

    def test_cancelling_answers_with_nobody_waiting(self, client: APIClient, workspace: Workspace) -> None:
        run, _rows = run_to(workspace, 3)

        counts = client.post(url("run-cancel", run)).json()["counts"]

        assert (counts["pending"], counts["skipped"]) == (0, 3)

    @pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
    def test_what_has_ended_is_refused_with_the_reason(
        self, client: APIClient, workspace: Workspace, verb: str
    ) -> None:
        run = RunFactory.create(workspace=workspace, done=True)

        answer = client.post(url(f"run-{verb}", run))

        assert (answer.status_code, answer.json()["code"]) == (409, "run_refused")
        assert answer.json()["message"].startswith("The campaign")


class TestDeliveries:
    @pytest.fixture
    def run(self, workspace: Workspace) -> Run:
        made: Run = RunFactory.create(workspace=workspace)
        DeliveryFactory.create(
            run=made, contact__email="ann@example.org", state=DeliveryState.FAILED, reason=Reason.REFUSED,
            reply_code=550, reply_text="550 Nobody", attempt=1, decided_at=AT,
        )  # fmt: skip
        DeliveryFactory.create(run=made, contact__email="bob@example.org")
        return made

    def test_one_row_for_each_person_with_the_servers_words(self, client: APIClient, run: Run) -> None:
        newest, oldest = client.get(url("run-deliveries", run)).json()["results"]

        row = run.deliveries.get(address="ann@example.org")
        assert oldest == {
            "id": row.pk, "contact": row.contact_id, "address": "ann@example.org", "state": "failed",
            "reason": "refused", "reply_code": 550, "reply_text": "550 Nobody", "attempts": 1, "next_attempt_at": None,
            "decided_at": "2026-05-18T09:30:00Z",
        }  # fmt: skip
        assert newest["address"] == "bob@example.org"

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"state": "failed"}, ["ann@example.org"]),
            ({"state": "pending"}, ["bob@example.org"]),
            ({"reason": "refused"}, ["ann@example.org"]),
            ({"q": "BOB"}, ["bob@example.org"]),
            ({"q": "b\0ob"}, ["bob@example.org"]),
            ({"state": "sent"}, []),
        ],
    )
    def test_rows_are_narrowed_as_on_the_page(
        self, client: APIClient, run: Run, asked: dict[str, str], expected: list[str]
    ) -> None:
        rows = client.get(url("run-deliveries", run), asked).json()["results"]

        assert [row["address"] for row in rows] == expected

    @pytest.mark.parametrize("asked", [{"state": "lost"}, {"reason": "pending"}, {"state": "sent\0"}])
    def test_a_filter_that_is_nonsense_is_refused_by_name(
        self, client: APIClient, run: Run, asked: dict[str, str]
    ) -> None:
        answer = client.get(url("run-deliveries", run), asked)

        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(asked))

    def test_pages_are_walked_without_loss(
        self, client: APIClient, run: Run, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        DeliveryFactory.create_batch(5, run=run)
        address: str | None = f"{url('run-deliveries', run)}?page_size=3"
        seen: list[int] = []

        while address:
            with django_assert_max_num_queries(4):
                body = client.get(address).json()
            seen += [row["id"] for row in body["results"]]
            address = body["next"]

        assert seen == sorted(run.deliveries.values_list("pk", flat=True), reverse=True)


class TestTestMails:
    def test_a_test_is_asked_for_and_goes_to_the_member_behind_the_key(
        self,
        client: APIClient,
        campaign: Campaign,
        lead: Member,
        bells: list[Bell],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        ann = ContactFactory.create(workspace=campaign.workspace)

        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(
                reverse("api:testmail-list"), {"campaign": campaign.pk, "contact": ann.pk}, format="json"
            )

        assert answer.status_code == 201
        assert answer.json() | {"at": ""} == {"state": "asked", "to": lead.user.email, "at": "", "words": ""}
        asked = {"campaign_id": campaign.pk, "contact_id": ann.pk, "member_id": lead.pk}
        assert bells == [("delivery.send_test", asked)]

    def test_what_became_of_the_last_one_can_be_read(
        self, client: APIClient, campaign: Campaign, lead: Member, now: datetime
    ) -> None:
        address = reverse("api:testmail-detail", kwargs={"pk": campaign.pk})
        before = client.get(address)
        record("campaign.test_failed", campaign, by=lead, now=now, words="550 No")

        after = client.get(address)

        assert before.status_code == 404
        assert (after.json()["state"], after.json()["words"]) == ("failed", "550 No")

    def test_a_contact_or_campaign_of_somebody_else_does_not_exist(
        self, client: APIClient, campaign: Campaign, outsider: Member
    ) -> None:
        stranger = ContactFactory.create(workspace=outsider.workspace)
        foreign = SentCampaignFactory.create(workspace=outsider.workspace)

        for body, field in (
            ({"campaign": campaign.pk, "contact": stranger.pk}, "contact"),
            ({"campaign": foreign.pk}, "campaign"),
            ({}, "campaign"),
        ):
            answer: Any = client.post(reverse("api:testmail-list"), body, format="json")
            assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
        assert not AuditEntry.objects.filter(action="campaign.test_asked").exists()

    def test_what_is_not_written_yet_is_refused(self, client: APIClient, campaign: Campaign) -> None:
        Campaign.objects.update(content=None)

        answer = client.post(reverse("api:testmail-list"), {"campaign": campaign.pk}, format="json")

        assert (answer.status_code, answer.json()["code"]) == (409, "sample_refused")
