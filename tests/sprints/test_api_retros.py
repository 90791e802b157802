"""Retrospectives by API."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from emailops.lib.statistics import Estimate
from sprints.models import OutcomeVerdict, RetroAction, RetroNote, RetroPhase, Sprint, Story, Verdict
from sprints.services.retro_rooms import go_to_phase
from sprints.services.retros import record_outcome
from tests.factories.approvals import agreed_in, answer, asked, note_in, ready_sprint
from tests.factories.sprints import SprintFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.fixture
def closed(workspace: Workspace) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=workspace, closed=True)
    return made


def test_promise_outcome_notes_and_agreements_are_read_together(
    workspace: Workspace, owner: Member, lead: Member, api: Api, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, by=lead, to=owner), Verdict.APPROVED, now)
    story = sprint.stories.get()
    record_outcome(
        story=story,
        estimate=Estimate(0.036, 0.033, 0.04, 8412),
        metric="click_rate",
        verdict=OutcomeVerdict.REACHED,
        reason="As promised.",
        revenue=Decimal("1640.50"),
        now=now,
    )
    note_in(sprint, lead, now)
    agreed_in(sprint, lead, now)
    Sprint.objects.update(state="closed", committed_points=2, delivered_points=2)

    found = api(lead).get(f"/api/v1/sprints/{sprint.pk}/retro/").json()

    assert (found["delivered"], found["committed"], found["forecasts_held"], found["forecasts_judged"]) == (2, 2, 1, 1)
    assert (found["revenue"], found["revenue_promised"]) == ("1640.50", ["1000.00", "2000.00"])
    [line] = found["stories"]
    assert (line["story"], line["is_approved"], line["outcome"]["verdict"]) == (story.pk, True, "reached")
    assert line["hypothesis"]["expected"] == 0.04
    assert [note["text"] for note in found["notes"]] == ["The owner answered within a day."]
    assert [agreed["owner"] for agreed in found["actions"]] == ["elena@marenmoss.example"]


def test_a_sprint_without_measurements_has_empty_figures(closed: Sprint, lead: Member, api: Api) -> None:
    found = api(lead).get(f"/api/v1/sprints/{closed.pk}/retro/").json()

    assert (found["revenue"], found["waited_days"], found["stories"]) == (None, None, [])


def test_a_sprint_that_is_being_planned_has_no_retrospective(workspace: Workspace, lead: Member, api: Api) -> None:
    sprint = SprintFactory.create(workspace=workspace)

    assert api(lead).get(f"/api/v1/sprints/{sprint.pk}/retro/").status_code == 404


def test_a_note_is_said_and_taken_back(closed: Sprint, lead: Member, marketer: Member, api: Api, now: datetime) -> None:
    made = api(lead).post("/api/v1/retro-notes/", {"sprint": closed.pk, "kind": "well", "text": "Good"}, format="json")

    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["is_mine"], made.json()["is_shown"]) == ("well", True, False)
    place = f"/api/v1/retro-notes/{made.json()['id']}/"
    assert api(marketer).delete(place).status_code == 404
    go_to_phase(sprint=closed, phase=RetroPhase.GROUP, by=lead, now=now)
    refused = api(marketer).delete(place)
    assert (refused.status_code, refused.json()["code"]) == (409, "retro_refused")
    assert api(lead).delete(place).status_code == 204
    assert not RetroNote.objects.exists()


@pytest.mark.parametrize("body", [{"text": ""}, {"text": "x" * 501}, {"kind": "unknown"}, {"sprint": 10**9}])
def test_a_note_that_makes_no_sense_is_refused(closed: Sprint, lead: Member, api: Api, body: dict[str, object]) -> None:
    sent = {"sprint": closed.pk, "kind": "well", "text": "Good", **body}

    assert api(lead).post("/api/v1/retro-notes/", sent, format="json").status_code == 400
    assert not RetroNote.objects.exists()


def test_an_agreement_becomes_a_story_once(closed: Sprint, lead: Member, marketer: Member, api: Api) -> None:
    client = api(lead)
    body = {"sprint": closed.pk, "text": "Ask on Monday", "owner": marketer.user.email, "due_date": "2026-05-25"}

    made = client.post("/api/v1/retro-actions/", body, format="json")
    place = f"/api/v1/retro-actions/{made.json()['id']}/story/"
    first, second = (client.post(place).json()["story"] for _time in range(2))

    assert (made.status_code, made.json()["story"], made.json()["owner"]) == (201, None, "sofia@marenmoss.example")
    assert first == second == Story.objects.get().pk
    assert RetroAction.objects.get().story_id == first


def test_nobody_outside_the_team_can_be_given_something_to_do(
    closed: Sprint, lead: Member, outsider: Member, api: Api
) -> None:
    body = {"sprint": closed.pk, "text": "Ask", "owner": outsider.user.email}

    assert api(lead).post("/api/v1/retro-actions/", body, format="json").status_code == 400
    assert not RetroAction.objects.exists()


def test_a_prompt_that_the_team_does_not_have_is_refused(closed: Sprint, lead: Member, api: Api) -> None:
    body = {"sprint": closed.pk, "kind": "p1", "text": "Glad"}

    refused = api(lead).post("/api/v1/retro-notes/", body, format="json")

    assert (refused.status_code, list(refused.json()["fields"])) == (409, ["kind"])
