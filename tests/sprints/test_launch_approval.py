"""Where each launch is approved: the mail, its audience and its days."""

from datetime import datetime
from typing import Any

import pytest

from sprints.models import Covers, Verdict
from sprints.services.approvals import request_launch_approval
from sprints.snapshot import brief_snapshot
from sprints.standing import SendFacts, unapproved_reasons
from tests.factories.approvals import MAIL, answer, approved_story, brief_of
from tests.factories.owners import policy
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def test_a_launch_is_held_until_exactly_it_was_approved(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    story = approved_story(workspace, now)
    policy(workspace, now, covers=Covers.LAUNCH)
    brief: dict[str, Any] = brief_snapshot(brief_of(story), now)
    facts = SendFacts(brief=brief, content=MAIL["fingerprint"])
    assert unapproved_reasons(story=story, facts=facts) == ["The owner has not approved this launch."]

    request = request_launch_approval(
        story=story, mail={"content": MAIL, "brief": brief}, approver=owner, by=lead, now=now
    )
    answer(request, Verdict.APPROVED, now)

    assert unapproved_reasons(story=story, facts=facts) == []
    other = SendFacts(brief=brief, content="b" * 64)
    assert unapproved_reasons(story=story, facts=other) == ["The owner has not approved this launch."]
    narrower = {**brief, "window": [brief["window"][0], brief["window"][0]]}
    assert unapproved_reasons(story=story, facts=SendFacts(brief=narrower, content=MAIL["fingerprint"])) == []
    later = {**brief, "window": ["2099-01-01", "2099-01-02"]}
    assert unapproved_reasons(story=story, facts=SendFacts(brief=later, content=MAIL["fingerprint"])) != []
