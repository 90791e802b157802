"""What the owner's decisions mean now, and whether a send is exactly what was approved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.answers import Say
from sprints.deciders import policy_of
from sprints.models import ApprovalPolicy, Covers, SendBrief, Sprint, SprintState, Story, StoryStatus, Verdict
from sprints.services.approval_policy import set_policy
from sprints.snapshot import brief_snapshot
from sprints.standing import (
    NotApproved,
    SendFacts,
    Standing,
    StoryApproval,
    require_approved,
    standing_of,
    unapproved_reasons,
)
from tests.factories.approvals import (
    MAIL,
    answer,
    approved_story,
    asked,
    asked_about_mail,
    brief_of,
    change_rules,
    ready_sprint,
    ready_story,
)
from tests.factories.audience import ContactFactory
from tests.factories.sprints import BriefFactory, StoryFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
FINGERPRINT = MAIL["fingerprint"]


def _standing(story: Story, now: datetime) -> StoryApproval:
    return standing_of(list(Story.objects.with_plan().filter(pk=story.pk)), now)[story.pk]


def _facts(story: Story, now: datetime, content: str = "") -> SendFacts:
    """What would be sent: what the brief says by now."""
    return SendFacts(brief_snapshot(brief_of(story), now), content)


def test_a_story_nobody_asked_about_stands_nowhere(workspace: Workspace, now: datetime) -> None:
    story = ready_story(ready_sprint(workspace))

    assert _standing(story, now).standing == Standing.NONE


def test_a_story_in_an_open_request_waits(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now)

    found = _standing(sprint.stories.get(), now)

    assert (found.standing, found.request) == (Standing.WAITING, request)


def test_a_story_that_joined_after_the_plan_was_sent_does_not_wait(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now)
    late = ready_story(sprint)

    assert _standing(late, now).standing == Standing.NONE


@pytest.mark.parametrize(
    ("verdict", "standing"),
    [
        (Verdict.APPROVED, Standing.APPROVED),
        (Verdict.CHANGE, Standing.CHANGE),
        (Verdict.DECLINED, Standing.DECLINED),
    ],
)
def test_an_answer_gives_the_standing_and_the_words(
    workspace: Workspace, now: datetime, verdict: Verdict, standing: Standing
) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now)
    answer(request, verdict, now, comment="As we said.")

    found = _standing(sprint.stories.get(), now)

    assert (found.standing, found.request, found.comment) == (standing, request, "As we said.")


def test_what_was_said_of_the_story_itself_comes_first(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    good, dear = sprint.stories.ranked()
    each = {dear.pk: Say(Verdict.DECLINED, "Too dear.")}
    answer(asked(sprint, now), Verdict.APPROVED, now, each=each, comment="Go.")

    assert (_standing(good, now).standing, _standing(good, now).comment) == (Standing.APPROVED, "Go.")
    assert (_standing(dear, now).standing, _standing(dear, now).comment) == (Standing.DECLINED, "Too dear.")


def test_asking_again_makes_an_approved_story_wait_and_a_newer_answer_wins(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    story = sprint.stories.get()
    answer(asked(sprint, now), Verdict.APPROVED, now)
    SendBrief.objects.filter(story=story).update(offer="A free pouch")
    again = asked(sprint, now + timedelta(hours=1))
    assert _standing(story, now).standing == Standing.WAITING

    answer(again, Verdict.DECLINED, now + timedelta(hours=2))

    assert _standing(story, now).standing == Standing.DECLINED
    assert unapproved_reasons(story=story, facts=_facts(story, now)) != []


def _dearer(brief: SendBrief) -> None:
    brief.cost = Decimal(540)


def _other_offer(brief: SendBrief) -> None:
    brief.offer = "20% off"


def _longer(brief: SendBrief) -> None:
    brief.window_end += timedelta(days=1)


def _earlier(brief: SendBrief) -> None:
    brief.window_start -= timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "what"), [(_dearer, "Cost"), (_other_offer, "Offer"), (_longer, "Window"), (_earlier, "Window")]
)
def test_a_change_of_what_is_covered_voids_the_approval_and_says_which(
    workspace: Workspace, now: datetime, change: Callable[[SendBrief], None], what: str
) -> None:
    story = approved_story(workspace, now)
    brief = brief_of(story)
    change(brief)
    brief.save()

    found = _standing(story, now)

    assert found.standing == Standing.VOID
    assert [difference.what for difference in found.differences] == [what]
    with pytest.raises(NotApproved, match=f"^{what}: approved"):
        require_approved(story=story, facts=_facts(story, now))


def test_other_rules_of_the_segment_void_the_approval(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    change_rules(story, rules=[{"field": "first_name", "op": "is", "value": "Ann"}])

    assert _standing(story, now).standing == Standing.VOID
    with pytest.raises(NotApproved, match="with other rules"):
        require_approved(story=story, facts=_facts(story, now))


def test_the_audience_may_drift_as_far_as_the_policy_says(workspace: Workspace, lead: Member, now: datetime) -> None:
    ContactFactory.create_batch(10, workspace=workspace)
    story = approved_story(workspace, now)

    ContactFactory.create_batch(2, workspace=workspace)
    assert _standing(story, now).standing == Standing.APPROVED
    ContactFactory.create(workspace=workspace)
    assert _standing(story, now).standing == Standing.VOID

    set_policy(workspace=workspace, covers=Covers.BRIEF, audience_tolerance=0.5, by=lead, now=now)
    assert _standing(story, now).standing == Standing.APPROVED


def test_putting_everything_back_makes_the_approval_hold_again(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    brief = brief_of(story)
    brief.offer = "20% off"
    brief.save()
    assert _standing(story, now).standing == Standing.VOID

    brief.offer = ""
    brief.save()

    assert _standing(story, now).standing == Standing.APPROVED


def test_the_approval_of_what_is_done_stands_though_its_audience_moves_on(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    ContactFactory.create_batch(5, workspace=workspace)
    assert _standing(story, now).standing == Standing.VOID

    Story.objects.filter(pk=story.pk).update(status=StoryStatus.DONE)
    assert _standing(story, now).standing == Standing.APPROVED

    Story.objects.filter(pk=story.pk).update(status=StoryStatus.TODO)
    Sprint.objects.filter(stories=story).update(state=SprintState.CLOSED)
    assert _standing(story, now).standing == Standing.APPROVED
    assert unapproved_reasons(story=story, facts=_facts(story, now)) != []


def test_words_of_the_story_are_not_covered(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    Story.objects.filter(pk=story.pk).update(title="Better words", points=8)

    assert _standing(story, now).standing == Standing.APPROVED
    require_approved(story=story, facts=_facts(story, now))


def test_a_story_that_was_approved_without_a_send_covers_none(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now, kind="content")
    assert _standing(story, now).standing == Standing.APPROVED

    BriefFactory.create(story=story)

    found = _standing(Story.objects.get(pk=story.pk), now)
    assert found.standing == Standing.VOID
    assert found.differences[0].approved == "none"
    with pytest.raises(NotApproved, match="had no send brief"):
        require_approved(story=story, facts=_facts(story, now))


def test_a_send_inside_the_window_is_approved_and_one_outside_is_not(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    brief = brief_of(story)
    first, after = brief.window_start.isoformat(), (brief.window_end + timedelta(days=1)).isoformat()
    facts = _facts(story, now)

    require_approved(story=story, facts=SendFacts({**facts.brief, "window": [first, first]}, ""))
    with pytest.raises(NotApproved, match="Window"):
        require_approved(story=story, facts=SendFacts({**facts.brief, "window": [after, after]}, ""))


def test_what_counts_is_what_would_be_sent_not_what_the_brief_says_by_now(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    facts = _facts(story, now)
    brief = brief_of(story)
    brief.cost = Decimal(540)
    brief.save()

    require_approved(story=story, facts=facts)


@pytest.mark.parametrize("verdict", [Verdict.CHANGE, Verdict.DECLINED])
def test_nothing_is_sent_without_a_yes(workspace: Workspace, now: datetime, verdict: Verdict) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now), verdict, now)
    story = sprint.stories.get()

    with pytest.raises(NotApproved, match="has not approved the story"):
        require_approved(story=story, facts=_facts(story, now))


def test_nothing_is_sent_while_the_owner_was_never_asked(workspace: Workspace, now: datetime) -> None:
    story = ready_story(ready_sprint(workspace))

    with pytest.raises(NotApproved, match="has not approved the story"):
        require_approved(story=story, facts=_facts(story, now))


def test_all_reasons_are_given_at_once(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    brief = brief_of(story)
    brief.cost, brief.offer = Decimal(540), "20% off"
    brief.save()

    reasons = unapproved_reasons(story=story, facts=_facts(story, now))

    assert [reason.partition(":")[0] for reason in reasons] == ["Offer", "Cost"]


@pytest.fixture
def content_policy(workspace: Workspace, lead: Member, now: datetime) -> None:
    set_policy(workspace=workspace, covers=Covers.CONTENT, audience_tolerance=0.2, by=lead, now=now)


def test_by_default_the_words_of_the_mail_are_the_teams(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)

    assert policy_of(workspace).covers == Covers.BRIEF
    require_approved(story=story, facts=_facts(story, now, "any words"))


@pytest.mark.usefixtures("content_policy")
def test_a_policy_that_covers_the_content_asks_for_the_mail_too(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)

    with pytest.raises(NotApproved, match="this version of the mail"):
        require_approved(story=story, facts=_facts(story, now, FINGERPRINT))


@pytest.mark.usefixtures("content_policy")
def test_the_mail_that_was_approved_may_go_out_and_no_other(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    answer(asked_about_mail(story, now), Verdict.APPROVED, now)

    require_approved(story=story, facts=_facts(story, now, FINGERPRINT))
    with pytest.raises(NotApproved, match="this version of the mail"):
        require_approved(story=story, facts=_facts(story, now, "b" * 64))


@pytest.mark.usefixtures("content_policy")
def test_the_newest_answer_about_the_mail_counts(workspace: Workspace, now: datetime) -> None:
    story = approved_story(workspace, now)
    answer(asked_about_mail(story, now), Verdict.APPROVED, now)
    answer(asked_about_mail(story, now), Verdict.DECLINED, now + timedelta(hours=1))

    with pytest.raises(NotApproved):
        require_approved(story=story, facts=_facts(story, now, FINGERPRINT))


@pytest.mark.usefixtures("content_policy")
def test_a_yes_to_the_mail_is_no_yes_to_the_plan(workspace: Workspace, now: datetime) -> None:
    story = ready_story(ready_sprint(workspace))
    answer(asked_about_mail(story, now), Verdict.APPROVED, now)

    assert _standing(story, now).standing == Standing.NONE
    with pytest.raises(NotApproved, match="has not approved the story"):
        require_approved(story=story, facts=_facts(story, now, FINGERPRINT))


def test_a_policy_nobody_chose_is_the_default_and_is_not_stored(workspace: Workspace) -> None:
    policy = policy_of(workspace)

    assert (policy.covers, policy.audience_tolerance) == (Covers.BRIEF, 0.2)
    assert not ApprovalPolicy.objects.exists()


def test_many_stories_cost_no_more_queries_than_one_besides_their_counts(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(4):
        approved_story(workspace, now)
        StoryFactory.create(workspace=workspace)
    stories = list(Story.objects.with_plan())

    with django_assert_num_queries(6 + 4):  # policy, decisions, requests, conditions, open, kept sizes; four counts
        found = standing_of(stories, now)

    assert sum(approval.standing == Standing.APPROVED for approval in found.values()) == 4


def test_no_stories_no_standing(workspace: Workspace, now: datetime) -> None:
    assert standing_of([], now) == {}
