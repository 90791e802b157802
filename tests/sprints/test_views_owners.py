"""Pages of those who decide: delegations, rules, conditions, the log and its files, questions about the strategy."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from sprints.models import ApprovalCode, ApprovalRequest, Delegation, SendBrief, Verdict
from sprints.services.approval_codes import make_code
from sprints.services.approval_links import approval_token
from sprints.silence import rules_of
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.owners import condition, delegated, policy
from tests.factories.strategy import GoalFactory
from tests.sprints.looking import url
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]
Api = Callable[..., APIClient]


def _words(page: Any) -> str:
    return str(page.content.decode())


def _link(request: ApprovalRequest, holder: Member | None = None) -> str:
    return reverse("sprints:approve", args=[approval_token(request, holder)])


def _say(request: ApprovalRequest, verdict: str, **more: str) -> dict[str, str]:
    return {"fingerprint": request.fingerprint, "verdict": verdict, **more}


def test_an_owner_delegates_and_takes_it_back(
    workspace: Workspace, owner: Member, analyst: Member, browse: Browse, now: datetime
) -> None:
    today = now.astimezone(workspace.zone).date()
    client, page = browse(owner), url("delegation_list", workspace)

    client.post(page, {"to": analyst.pk, "scope": "all", "limit": "", "start_date": today, "end_date": today})
    given = Delegation.objects.get()
    assert "Daniel Okafor decides for Marta Lindqvist" in _words(client.get(page))

    client.post(url("delegation_revoke", workspace, given.pk))
    given.refresh_from_db()
    assert given.revoked_at is not None


def test_days_that_make_no_sense_stand_under_their_field(
    workspace: Workspace, owner: Member, analyst: Member, browse: Browse, now: datetime
) -> None:
    today = now.astimezone(workspace.zone).date()
    data = {"to": analyst.pk, "scope": "all", "start_date": today, "end_date": today - timedelta(days=1)}

    page = browse(owner).post(url("delegation_list", workspace), data)

    assert page.status_code == 422
    assert "Too early." in _words(page)


def test_a_delegate_decides_on_the_page_and_others_are_refused(
    workspace: Workspace, owner: Member, analyst: Member, lead: Member, marketer: Member, browse: Browse, now: datetime
) -> None:
    delegated(owner, analyst, now)
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)
    page = url("approval_detail", workspace, request.pk)

    assert browse(marketer).post(page, _say(request, "approved")).status_code == 403
    assert browse(analyst).post(page, _say(request, "approved")).status_code == 302

    assert "Daniel Okafor for Marta Lindqvist" in _words(browse(lead).get(page))


def test_a_delegates_link_says_so_and_is_audited_as_a_link(
    workspace: Workspace, owner: Member, analyst: Member, now: datetime
) -> None:
    delegated(owner, analyst, now)
    request = asked(ready_sprint(workspace), now, to=owner)
    link = _link(request, analyst)

    assert "You decide instead of Marta Lindqvist" in _words(Client().get(link))
    assert Client().post(link, _say(request, "approved")).status_code == 200

    entry = AuditEntry.objects.get(action="approval.decided")
    assert (entry.member, entry.via) == (analyst, "mailed link")


def test_the_owner_chooses_what_silence_means(workspace: Workspace, owner: Member, browse: Browse) -> None:
    data = {
        "quiet_from": "21:00", "quiet_until": "07:30", "silence_is_yes": "on", "silence_below": "300",
        "silence_days": "4",
    }  # fmt: skip

    browse(owner).post(url("owner_rules_edit", workspace), data)

    rules = rules_of(owner)
    assert (rules.silence_is_yes, rules.silence_below, rules.quiet_weekends) == (True, Decimal(300), False)
    assert "My silence is a yes after 4 days" in _words(browse(owner).get(url("delegation_list", workspace)))


def test_conditions_are_given_by_link_and_ticked_on_the_page(
    workspace: Workspace, owner: Member, browse: Browse, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)
    Client().post(_link(request), _say(request, "conditions", comment="Stock is checked"))
    found = request.conditions.get()
    page = url("approval_detail", workspace, request.pk)
    assert "It is met" in _words(browse(owner).get(page))

    browse(owner).post(url("condition_tick", workspace, found.pk), {"is_met": "on"})

    found.refresh_from_db()
    assert found.met_by == owner
    assert "Take the tick back" in _words(browse(owner).get(page))


def test_a_lead_who_may_not_tick_is_shown_no_button(
    workspace: Workspace, lead: Member, browse: Browse, now: datetime
) -> None:
    found = condition(workspace, now)

    page = _words(browse(lead).get(url("approval_detail", workspace, found.request_id)))

    assert found.text in page
    assert "It is met" not in page
    assert browse(lead).post(url("condition_tick", workspace, found.pk), {"is_met": "on"}).status_code == 409


def test_asking_for_a_change_without_a_word_stands_under_the_note(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    page = Client().post(_link(request), _say(request, "change"))

    assert page.status_code == 422
    assert "Say it here." in _words(page)


def test_above_the_amount_the_page_asks_for_the_code_and_keeps_the_words(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    policy(workspace, now, code_above=Decimal(500))
    sprint = ready_sprint(workspace)
    SendBrief.objects.filter(story__sprint=sprint).update(cost=Decimal(501))
    request = asked(sprint, now, to=owner)
    link = _link(request)
    assert "Code from the mail" in _words(Client().get(link))

    page = Client().post(link, _say(request, "approved", comment="My long thoughts"))

    assert page.status_code == 422
    assert "We mailed a code of six digits" in _words(page)
    assert "My long thoughts" in _words(page)
    code = make_code(ApprovalCode.objects.get(), now)
    assert Client().post(link, _say(request, "approved", code=code)).status_code == 200


@pytest.mark.parametrize("times", [100])
def test_a_scanner_that_opens_every_link_mails_no_code_and_decides_nothing(
    workspace: Workspace, owner: Member, now: datetime, times: int
) -> None:
    policy(workspace, now, code_above=Decimal(0))
    sprint = ready_sprint(workspace)
    SendBrief.objects.filter(story__sprint=sprint).update(cost=Decimal(1))
    request = asked(sprint, now, to=owner)

    assert {Client().get(_link(request)).status_code for _time in range(times)} == {200}

    assert not ApprovalCode.objects.exists()
    assert request.log.count() == 1


def test_the_log_says_that_it_is_intact(workspace: Workspace, owner: Member, browse: Browse, now: datetime) -> None:
    answer(asked(ready_sprint(workspace), now, to=owner), Verdict.DECLINED, now, comment="Not now")

    page = _words(browse(owner).get(url("approval_log", workspace)))

    assert "The log is intact." in page
    assert "All 2 lines were checked just now." in page
    assert "Not now" in page


def test_the_csv_holds_every_line_and_runs_nothing(
    workspace: Workspace, owner: Member, browse: Browse, now: datetime
) -> None:
    owner.user.name = "=cmd|' /C calc'!A0"
    owner.user.save()
    request = asked(ready_sprint(workspace, name="+1"), now, to=owner)
    answer(request, Verdict.APPROVED, now, by=Member.objects.get(pk=owner.pk), comment="@SUM(1)")

    page = browse(owner).get(url("approval_log_csv", workspace))
    lines = list(csv.DictReader(io.StringIO(b"".join(page).decode())))

    assert [line["number"] for line in lines] == ["1", "2"]
    assert lines[1]["by"].startswith("'=cmd")
    assert lines[1]["previous_sha256"] == lines[0]["sha256"]


@pytest.mark.parametrize("name", ["Маренът и мъхът №1", "Sprint & <b>"])
def test_pdfs_of_the_log_and_of_an_answer_are_made_in_both_alphabets(
    workspace: Workspace, owner: Member, browse: Browse, now: datetime, name: str
) -> None:
    request = asked(ready_sprint(workspace, stories=3, name=name), now, to=owner)
    answer(request, Verdict.CONDITIONS, now, comment="Складът е проверен")

    for page in (
        browse(owner).get(url("approval_log_pdf", workspace)),
        browse(owner).get(url("approval_pdf", workspace, request.pk)),
    ):
        assert page.headers["Content-Type"] == "application/pdf"
        assert page.content.startswith(b"%PDF-")
        assert page.content.rstrip().endswith(b"%%EOF")


def test_a_goal_is_asked_about_from_its_page(
    workspace: Workspace, owner: Member, lead: Member, browse: Browse, now: datetime
) -> None:
    goal = GoalFactory.create(workspace=workspace)
    client = browse(lead)
    ask = url("goal_approval_request", workspace, goal.pk)
    page = reverse("strategy:goal_detail", kwargs={"workspace": workspace.slug, "pk": goal.pk})
    assert ask in _words(client.get(page))

    client.post(ask, {"approver": owner.pk, "message": "Too bold?"})
    request = ApprovalRequest.objects.get()
    shown = _words(Client().get(_link(request)))
    assert "Too bold?" in shown
    assert "Approve this goal" in shown
    assert Client().post(_link(request), _say(request, "approved")).status_code == 200

    assert "Approved" in _words(client.get(page))
    assert ask not in _words(client.get(page))


def test_a_new_version_shows_what_is_not_asked_again(
    workspace: Workspace, owner: Member, browse: Browse, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)
    kept, changed = sprint.stories.ranked()
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    SendBrief.objects.filter(story=changed).update(offer="A pouch")
    second = asked(sprint, now, to=owner)

    page = _words(Client().get(_link(second)))

    assert "Approved before, not asked again" in page
    assert f"story_{changed.pk}_verdict" in page
    assert f"story_{kept.pk}_verdict" not in page


def test_the_settings_are_chosen_on_the_page(workspace: Workspace, owner: Member, browse: Browse) -> None:
    data = {
        "covers": "launch", "tolerance": "10", "points": "30", "code_above": "900", "remind_after_days": "2",
        "escalate_after_days": "4", "escalate_to": owner.pk, "lead_ticks_conditions": "on",
    }  # fmt: skip

    browse(owner).post(url("settings_approval", workspace), data)

    workspace.refresh_from_db()
    chosen = workspace.approval_policy
    assert (chosen.covers, chosen.points_tolerance, chosen.code_above) == ("launch", 0.3, Decimal(900))
    assert (chosen.escalate_to, chosen.lead_ticks_conditions, chosen.one_person) == (owner, True, False)


def test_by_api_as_by_page(
    workspace: Workspace, owner: Member, analyst: Member, lead: Member, api: Api, now: datetime
) -> None:
    today = now.astimezone(workspace.zone).date().isoformat()
    own = api(owner)
    given = own.post(
        "/api/v1/delegations/",
        {"to": analyst.user.email, "start_date": today, "end_date": today, "limit": "300"},
        format="json",
    )
    assert given.status_code == 201, given.content
    own.post("/api/v1/owner-rules/", {"silence_is_yes": True, "silence_below": "50"}, format="json")
    assert own.get("/api/v1/owner-rules/").json()["silence_below"] == "50.00"
    own.post("/api/v1/approval-policy/", {"escalate_to": owner.user.email}, format="json")
    assert own.get("/api/v1/approval-policy/").json()["escalate_to"] == owner.user.email
    goal = GoalFactory.create(workspace=workspace)

    asked_ = api(lead).post("/api/v1/approvals/", {"goal": goal.pk, "approver": owner.user.email}, format="json").json()
    done = own.post(
        f"/api/v1/approvals/{asked_['id']}/decide/",
        {"fingerprint": asked_["fingerprint"], "verdict": "conditions", "conditions": ["Ask the bank"]},
        format="json",
    ).json()

    assert (done["verdict"], done["decided_via"]) == ("conditions", "api")
    pk = done["conditions"][0]["id"]
    ticked = own.post(f"/api/v1/approval-conditions/{pk}/tick/", {"is_met": True}, format="json").json()
    assert ticked["met_by"] == owner.user.email
    assert own.get("/api/v1/approval-log/verify/").json()["is_intact"] is True


@pytest.mark.parametrize("body", [{}, {"goal": 1, "plan": True}])
def test_by_api_exactly_one_thing_is_asked_about(
    workspace: Workspace, owner: Member, lead: Member, api: Api, body: dict[str, Any]
) -> None:
    goal = GoalFactory.create(workspace=workspace)
    wanted = {**body, "approver": owner.user.email} | ({"goal": goal.pk} if "goal" in body else {})

    assert api(lead).post("/api/v1/approvals/", wanted, format="json").status_code == 400
