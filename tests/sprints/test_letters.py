"""The mails: readable, complete, equal in both forms, and never when they have become pointless."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.core import mail as outbox
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import strip_tags

from sprints.answers import Say
from sprints.letters import approval, decision
from sprints.models import ApprovalRequest, Verdict
from sprints.services.approval_links import approval_token, open_approval
from sprints.services.approvals import LINK_LIFE, remind
from tests.factories.approvals import answer, asked, asked_about_mail, brief_of, ready_sprint, ready_story
from tests.factories.audience import ContactFactory
from tests.factories.strategy import ReadingFactory
from workspaces.models import Member, SystemMail, Workspace
from workspaces.permissions import Role
from workspaces.systemmail import Letter, send_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(workspace: Workspace, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
    ContactFactory.create_batch(3, workspace=workspace)
    sprint = ready_sprint(workspace, stories=2, number=16, name="Replenish")
    assert sprint.goal is not None
    ReadingFactory.create(kpi=sprint.goal.kpi)
    return asked(sprint, now, by=lead, to=owner)


def _letter(kind: str, request: ApprovalRequest, now: datetime) -> Letter | None:
    build = {"sprints.approval": approval, "sprints.decision": decision}[kind]
    return build(SystemMail.objects.filter(kind=kind, object_id=request.pk).latest("pk"), now)


def _both_forms(letter: Letter, workspace: Workspace) -> tuple[str, str]:
    context = {**letter.context, "workspace": workspace, "language": letter.language, "subject": letter.subject}
    return tuple(render_to_string(f"{letter.template}.{form}", context) for form in ("txt", "html"))  # type: ignore[return-value]  # two


def _shown(letter: Letter | None, workspace: Workspace) -> tuple[str, str]:
    assert letter is not None
    text, html = _both_forms(letter, workspace)
    return text, strip_tags(html).replace("&#x27;", "'")


def test_the_request_says_what_is_asked_what_it_costs_and_what_should_move(
    request_: ApprovalRequest, workspace: Workspace, now: datetime
) -> None:
    letter = _letter("sprints.approval", request_, now)

    assert letter is not None
    assert letter.subject == "For your decision: sprint 16, Replenish"
    for form in _shown(letter, workspace):
        for words in (
            request_.snapshot["sprint"]["goal_sentence"], "from 31.6% now to 34%", "€2,000–€4,000", "€0",
            "3 in 2 sends", "4 of 20 points", request_.items[0]["title"], request_.items[1]["title"],
        ):  # fmt: skip
            assert words in form, words


def test_the_link_in_both_forms_opens_exactly_this_request(
    request_: ApprovalRequest, workspace: Workspace, now: datetime
) -> None:
    letter = _letter("sprints.approval", request_, now)

    assert letter is not None
    link = letter.context["link"]
    assert link.endswith(reverse("sprints:approve", args=[approval_token(request_)]))
    for form in _both_forms(letter, workspace):
        assert form.count(link) == 1
    assert open_approval(link.split("/")[-2], now) == request_


def test_the_message_of_the_one_who_asks_stands_in_the_mail_and_is_only_text(
    request_: ApprovalRequest, workspace: Workspace, now: datetime
) -> None:
    ApprovalRequest.objects.update(message="Cost < 600 & rising <b>")

    letter = _letter("sprints.approval", request_, now)

    assert letter is not None
    text, html = _both_forms(letter, workspace)
    assert "Cost < 600 & rising <b>" in text
    assert "Cost &lt; 600 &amp; rising &lt;b&gt;" in html


def test_what_changed_since_the_last_answer_is_told(
    request_: ApprovalRequest, workspace: Workspace, owner: Member, now: datetime
) -> None:
    answer(request_, Verdict.CHANGE, now)
    sprint = request_.sprint
    assert sprint is not None
    changed, removed = sprint.stories.ranked()
    brief = brief_of(changed)
    brief.cost = Decimal(300)
    brief.save()
    sprint.stories.filter(pk=removed.pk).update(sprint=None)
    added = ready_story(sprint, title="Welcome, rewritten")
    second = asked(sprint, now, to=owner)

    for form in _shown(_letter("sprints.approval", second, now), workspace):
        for words in ("version 1", "Change asked for", f"New: {added.title}", "€0 → €300", changed.title):
            assert words in form, words
        assert f"No longer in the plan: {removed.title}" in form


def test_a_first_version_tells_of_no_change(request_: ApprovalRequest, workspace: Workspace, now: datetime) -> None:
    for form in _shown(_letter("sprints.approval", request_, now), workspace):
        assert "since version" not in form


def test_the_same_plan_again_says_that_nothing_changed(
    request_: ApprovalRequest, workspace: Workspace, owner: Member, now: datetime
) -> None:
    answer(request_, Verdict.DECLINED, now)
    assert request_.sprint is not None
    second = asked(request_.sprint, now, to=owner)

    for form in _shown(_letter("sprints.approval", second, now), workspace):
        assert "Nothing changed." in form


def test_a_request_about_a_mail_names_its_subject(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked_about_mail(ready_story(ready_sprint(workspace)), now, to=owner)

    letter = _letter("sprints.approval", request, now)

    assert letter is not None
    assert letter.subject == f"For your decision: the mail for “{request.story}”"
    for form in _shown(letter, workspace):
        assert "Your serum is running low" in form
        assert "Look at the mail and decide" in form


def test_a_request_that_was_answered_is_not_mailed_any_more(request_: ApprovalRequest, now: datetime) -> None:
    answer(request_, Verdict.APPROVED, now)

    assert _letter("sprints.approval", request_, now) is None


def test_a_request_that_was_replaced_or_has_lapsed_is_not_mailed(
    request_: ApprovalRequest, owner: Member, now: datetime
) -> None:
    assert _letter("sprints.approval", request_, now + LINK_LIFE) is None
    assert request_.sprint is not None

    asked(request_.sprint, now, to=owner)

    assert _letter("sprints.approval", request_, now) is None


def test_who_may_no_longer_decide_gets_no_link(request_: ApprovalRequest, owner: Member, now: datetime) -> None:
    owner.role = Role.GUEST
    owner.save()

    assert _letter("sprints.approval", request_, now) is None


def test_the_answer_is_told_as_a_whole_and_story_by_story(
    request_: ApprovalRequest, workspace: Workspace, now: datetime
) -> None:
    dear = request_.items[1]
    each = {dear["id"]: Say(Verdict.CHANGE, "Can we do with 300?")}
    answer(request_, Verdict.APPROVED, now, each=each, comment="Good plan.")

    letter = _letter("sprints.decision", request_, now)

    assert letter is not None
    assert letter.subject == "Change asked for by Marta Lindqvist: sprint 16, Replenish"
    for form in _shown(letter, workspace):
        for words in ("Marta Lindqvist answered: Change asked for", "Good plan.", dear["title"], "Can we do with 300?"):
            assert words in form, words
    for form in _both_forms(letter, workspace):
        assert letter.context["link"] in form


def test_there_is_no_answer_to_tell_before_there_is_one(
    request_: ApprovalRequest, workspace: Workspace, owner: Member, now: datetime
) -> None:
    early = SystemMail.objects.create(
        workspace=workspace, kind="sprints.decision", object_id=request_.pk, to=owner.user.email, next_attempt_at=now
    )

    assert decision(early, now) is None


def test_the_mails_really_go_out_and_a_reminder_carries_the_new_link(
    request_: ApprovalRequest, owner: Member, lead: Member, now: datetime
) -> None:
    send_due(now)
    remind(request=request_, by=lead, now=now)
    send_due(now)

    first, second = outbox.outbox
    assert first.to == second.to == [owner.user.email]
    request_.refresh_from_db()
    assert approval_token(request_) in second.body
    assert approval_token(request_) not in first.body
