"""REST: limits, the doubt about the database, reports of complaints and bounces, sending again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from audience.models import SuppressionReason
from delivery.messages import message_id
from delivery.models import Delivery, DeliveryState, Doubt, Feedback, Reason, RestoreHold
from tests.factories.delivery import DeliveryFactory, RunFactory, settled
from workspaces.models import Member, Workspace

LIMITS, REACTIONS = reverse("api:safety-limits"), reverse("api:reaction-list")


@pytest.fixture
def client(lead: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(lead)


@pytest.fixture
def row(workspace: Workspace) -> Delivery:
    made: Delivery = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT, attempt=1)
    return made


class TestLimits:
    def test_they_are_read_and_changed_as_shares(self, client: APIClient) -> None:
        before = client.get(LIMITS).json()

        answer = client.patch(LIMITS, {"refused_rate": 0.02, "stuck_after_minutes": 20}, format="json")

        assert (before["refused_rate"], before["complaint_rate"]) == (0.05, 0.003)
        assert answer.json() == before | {"refused_rate": 0.02, "stuck_after_minutes": 20}
        assert client.get(LIMITS).json() == answer.json()

    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({"refused_rate": 2}, 400, "refused_rate"),
            ({"late_after_minutes": "soon"}, 400, "late_after_minutes"),
            ({"complaint_warn_rate": 0.009}, 409, "complaint_warn_rate"),
        ],
    )
    def test_nonsense_is_refused_by_name(
        self, client: APIClient, body: dict[str, Any], status: int, field: str
    ) -> None:
        answer = client.patch(LIMITS, body, format="json")

        assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])


class TestDoubt:
    def test_it_is_shown_and_ended(self, client: APIClient, workspace: Workspace, now: datetime) -> None:
        url = reverse("api:safety-doubt")
        nothing = client.get(url).json()
        RestoreHold.objects.create(workspace=workspace, doubt=Doubt.MOVED, known_until=now, seen_at=now, since=now)
        held = client.get(url).json()

        answer = client.post(reverse("api:safety-confirm"))

        assert nothing == {"is_held": False, "doubt": "", "known_until": None, "seen_at": None, "since": None}
        assert (held["is_held"], held["doubt"]) == (True, "moved")
        assert answer.json() == nothing
        assert client.post(reverse("api:safety-confirm")).json()["code"] == "confirm_refused"


class TestReactions:
    def test_a_complaint_by_message_id_suppresses(self, client: APIClient, row: Delivery) -> None:
        sender = row.run.campaign.sender
        assert sender is not None

        answer = client.post(REACTIONS, {"kind": "complaint", "message_id": message_id(row, sender)}, format="json")

        assert answer.status_code == 201
        assert (answer.json()["delivery"], answer.json()["campaign"]) == (row.pk, row.run.campaign_id)
        assert row.contact is not None
        row.contact.refresh_from_db()
        assert row.contact.suppression == SuppressionReason.COMPLAINED
        assert client.get(REACTIONS).json()["results"] == [answer.json()]

    def test_the_same_again_answers_the_same(self, client: APIClient, row: Delivery) -> None:
        body = {"kind": "bounce", "address": row.address, "status": "5.1.1", "at": "2026-05-18T09:30:00Z"}

        first, second = (client.post(REACTIONS, body, format="json") for _time in range(2))

        assert first.json() == second.json()
        assert first.json()["is_final"] is True
        assert Feedback.objects.count() == 1

    def test_an_address_we_never_wrote_to_answers_that_there_is_nothing_to_show(self, client: APIClient) -> None:
        answer = client.post(REACTIONS, {"kind": "complaint", "address": "new@example.org"}, format="json")

        assert answer.status_code == 204

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            ({"kind": "complaint"}, 400),
            ({"kind": "complaint", "message_id": "<x@y>", "address": "a@b.example"}, 400),
            ({"kind": "praise", "address": "a@b.example"}, 400),
            ({"kind": "bounce", "address": "a@b.example", "status": "5.1"}, 400),
            ({"kind": "complaint", "address": "nobody"}, 400),
            ({"kind": "complaint", "message_id": "<x@y>"}, 404),
            ({"kind": "complaint", "address": "a@b.example", "words": "w" * 301}, 400),
            ({"kind": "complaint", "address": "a@b.example", "words": "a\0b"}, 400),
        ],
    )
    def test_nonsense_is_refused(self, client: APIClient, body: dict[str, Any], status: int) -> None:
        answer = client.post(REACTIONS, body, format="json")

        assert answer.status_code == status, answer.content

    def test_many_cost_the_same(self, client: APIClient, row: Delivery, django_assert_max_num_queries: Any) -> None:
        for other in settled(row.run, 20, DeliveryState.SENT, row.run.started_at):
            Feedback.objects.create(
                workspace=row.workspace, run=row.run, delivery=other, kind="complaint",
                at=row.run.started_at, reported_at=row.run.started_at,
            )  # fmt: skip

        with django_assert_max_num_queries(4):
            answer = client.get(REACTIONS)

        assert len(answer.json()["results"]) == 20


class TestSendAgain:
    def test_it_answers_with_what_is_now(
        self, client: APIClient, workspace: Workspace, now: datetime, settings: Settings
    ) -> None:
        settings.MAIL_SANDBOX = False
        run = RunFactory.create(workspace=workspace, done=True)
        settled(run, 2, DeliveryState.UNKNOWN, now, reason=Reason.CONNECTION_LOST)
        url = reverse("api:run-send-again", kwargs={"pk": run.campaign_id})

        answer = client.post(url, {"what": "unknown"}, format="json")

        assert (answer.status_code, answer.json()["state"]) == (200, "sending")
        assert (answer.json()["counts"]["unknown"], answer.json()["counts"]["pending"]) == (0, 2)
        assert client.post(url, {"what": "unknown"}, format="json").json()["code"] == "run_refused"
        assert client.post(url, {"what": "all"}, format="json").status_code == 400


def test_a_campaigns_policy_is_set_and_read(client: APIClient, workspace: Workspace) -> None:
    run = RunFactory.create(workspace=workspace, campaign__state="draft")
    url = reverse("api:campaign-detail", kwargs={"pk": run.campaign_id})

    answer = client.patch(url, {"unknown_policy": "resend"}, format="json")

    assert (answer.status_code, answer.json()["unknown_policy"], answer.json()["missed_at"]) == (200, "resend", None)
    assert client.patch(url, {"unknown_policy": "never"}, format="json").status_code == 400
