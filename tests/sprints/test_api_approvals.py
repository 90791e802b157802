"""Approvals by API: the same services, the same refusals."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from sprints.models import ApprovalRequest, ApprovalState, StoryDecision, Verdict
from sprints.services.approval_links import approval_token
from tests.factories.approvals import answer, asked, brief_of, ready_sprint
from tests.factories.workspaces import MemberFactory
from workspaces.models import AuditEntry, Member, SystemMail, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
LIST = "/api/v1/approvals/"


def _decide(client: APIClient, request: ApprovalRequest, **body: Any) -> Any:
    data = {"fingerprint": request.fingerprint, "verdict": "approved", **body}
    return client.post(f"{LIST}{request.pk}/decide/", data, format="json")


@pytest.fixture
def request_(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
    return asked(ready_sprint(workspace, stories=2), now, by=lead, to=owner)


def test_a_program_asks_for_an_approval(workspace: Workspace, owner: Member, lead: Member, api: Api) -> None:
    sprint = ready_sprint(workspace)

    made = api(lead).post(LIST, {"sprint": sprint.pk, "approver": owner.user.email, "message": "Please"}, format="json")

    assert made.status_code == 201
    request = ApprovalRequest.objects.get()
    assert made.json()["fingerprint"] == request.fingerprint
    assert (made.json()["version"], made.json()["state"]) == (1, "open")
    assert made.json()["approver"] == "marta@marenmoss.example"
    assert SystemMail.objects.get().object_id == request.pk


def test_a_plan_that_is_not_ready_lists_everything_that_is_missing(
    workspace: Workspace, owner: Member, lead: Member, api: Api
) -> None:
    sprint = ready_sprint(workspace, goal_sentence="", capacity_points=None)

    refused = api(lead).post(LIST, {"sprint": sprint.pk, "approver": owner.user.email}, format="json")

    assert refused.status_code == 409
    assert refused.json()["code"] == "approval_refused"
    assert len(refused.json()["fields"]["readiness"]) == 2


def test_strangers_sprints_and_members_do_not_exist(
    workspace: Workspace, owner: Member, lead: Member, outsider: Member, api: Api
) -> None:
    theirs, ours = ready_sprint(outsider.workspace), ready_sprint(workspace)
    client = api(lead)

    for sprint, approver in ((theirs, owner), (ours, outsider)):
        body = {"sprint": sprint.pk, "approver": approver.user.email}
        refused = client.post(LIST, body, format="json")

        assert refused.status_code == 400
        assert refused.json()["code"] == "invalid"
    assert not ApprovalRequest.objects.exists()


def test_nobody_asks_himself_by_api_either(workspace: Workspace, lead: Member, api: Api) -> None:
    MemberFactory.create(workspace=workspace, role=Role.OWNER)

    refused = api(lead).post(LIST, {"sprint": ready_sprint(workspace).pk, "approver": lead.user.email}, format="json")

    assert refused.status_code == 409
    assert "approver" in refused.json()["fields"]


def test_the_frozen_plan_can_be_read(request_: ApprovalRequest, guest: Member, api: Api) -> None:
    found = api(guest).get(f"{LIST}{request_.pk}/").json()

    assert found["snapshot"] == request_.snapshot
    assert (found["decisions"], found["verdict"], found["decided_at"]) == ([], "", None)


def test_the_list_is_narrowed_by_sprint_and_state(
    request_: ApprovalRequest, workspace: Workspace, owner: Member, lead: Member, api: Api, now: datetime
) -> None:
    other = asked(ready_sprint(workspace), now, by=lead, to=owner)
    answer(other, Verdict.APPROVED, now)
    client = api(lead)

    def ids(**query: Any) -> list[int]:
        return [found["id"] for found in client.get(LIST, query).json()["results"]]

    assert ids() == [other.pk, request_.pk]
    assert ids(sprint=request_.sprint_id) == [request_.pk]
    assert ids(state="decided") == [other.pk]


def test_the_owner_decides_story_by_story(request_: ApprovalRequest, owner: Member, api: Api) -> None:
    first, second = (item["id"] for item in request_.items)

    done = _decide(
        api(owner), request_, comment="Good", stories=[{"id": second, "verdict": "change", "comment": "Too dear"}]
    )

    assert done.status_code == 200
    assert (done.json()["state"], done.json()["verdict"], done.json()["decided_by"]) == (
        "decided",
        "change",
        "marta@marenmoss.example",
    )
    assert done.json()["decisions"] == [
        {"story": first, "verdict": "approved", "comment": ""},
        {"story": second, "verdict": "change", "comment": "Too dear"},
    ]
    entry = AuditEntry.objects.get(action="approval.decided")
    assert entry.via.startswith("test (")


def test_the_second_answer_is_refused(request_: ApprovalRequest, owner: Member, api: Api) -> None:
    client = api(owner)
    _decide(client, request_)

    refused = _decide(client, request_, verdict="declined")

    assert (refused.status_code, refused.json()["code"]) == (409, "approval_refused")
    request_.refresh_from_db()
    assert request_.verdict == Verdict.APPROVED


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "maybe"},
        {"verdict": ""},
        {"fingerprint": ""},
        {"stories": [{"id": "x", "verdict": "approved"}]},
        {"stories": [{"id": 1, "verdict": "perhaps"}]},
        {"stories": "all"},
    ],
)
def test_nonsense_is_refused_and_decides_nothing(
    request_: ApprovalRequest, owner: Member, api: Api, body: dict[str, Any]
) -> None:
    assert _decide(api(owner), request_, **body).status_code == 400

    request_.refresh_from_db()
    assert request_.state == ApprovalState.OPEN


def test_a_story_that_was_not_shown_is_refused(request_: ApprovalRequest, owner: Member, api: Api) -> None:
    refused = _decide(api(owner), request_, stories=[{"id": 10**9, "verdict": "approved"}])

    assert refused.status_code == 409
    assert "stories" in refused.json()["fields"]
    assert not StoryDecision.objects.exists()


def test_a_changed_plan_and_another_fingerprint_decide_nothing(
    request_: ApprovalRequest, owner: Member, api: Api
) -> None:
    client = api(owner)
    outdated = _decide(client, request_, fingerprint="0" * 64)
    assert request_.sprint is not None
    brief = brief_of(request_.sprint.stories.ranked()[0])
    brief.cost = Decimal(540)
    brief.save()

    moved = _decide(client, request_)

    for refused in (outdated, moved):
        assert (refused.status_code, refused.json()["code"]) == (409, "plan_changed")
    assert not StoryDecision.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_a_key_of_another_role_does_not_decide(
    request_: ApprovalRequest, workspace: Workspace, api: Api, role: Role
) -> None:
    client = api(MemberFactory.create(workspace=workspace, role=role))

    assert _decide(client, request_).status_code == 403


def test_a_key_that_may_only_read_does_not_decide(request_: ApprovalRequest, owner: Member, api: Api) -> None:
    assert _decide(api(owner, ["sprints:read"]), request_).status_code == 403


def test_the_key_of_the_one_who_asked_does_not_decide(request_: ApprovalRequest, lead: Member, api: Api) -> None:
    lead.role = Role.OWNER
    lead.save()

    refused = _decide(api(lead), request_)

    assert refused.status_code == 409
    assert "own proposal" in refused.json()["message"]


def test_reading_decides_nothing_and_the_mailed_link_lives_on(
    request_: ApprovalRequest, owner: Member, api: Api
) -> None:
    client = api(owner)
    for _time in range(5):
        client.get(LIST)
        client.get(f"{LIST}{request_.pk}/")
    assert client.get(f"{LIST}{request_.pk}/decide/").status_code in {403, 405}

    assert client.get(reverse("sprints:approve", args=[approval_token(request_)])).status_code == 200


def test_a_reminder_is_sent_by_api(request_: ApprovalRequest, lead: Member, api: Api) -> None:
    old = request_.nonce

    done = api(lead).post(f"{LIST}{request_.pk}/remind/")

    assert done.status_code == 200
    request_.refresh_from_db()
    assert request_.nonce != old
    assert SystemMail.objects.filter(kind="sprints.approval").count() == 2


def test_secrets_of_the_link_are_never_shown(request_: ApprovalRequest, owner: Member, api: Api) -> None:
    found = api(owner).get(f"{LIST}{request_.pk}/")

    assert str(request_.nonce) not in found.content.decode()
    assert approval_token(request_) not in found.content.decode()


def test_the_list_costs_the_same_for_many(
    workspace: Workspace,
    owner: Member,
    lead: Member,
    api: Api,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(5):
        answer(asked(ready_sprint(workspace, stories=2), now, by=lead, to=owner), Verdict.APPROVED, now)
    client = api(lead)

    with django_assert_max_num_queries(6):
        assert len(client.get(LIST).json()["results"]) == 5
