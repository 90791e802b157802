"""Sprints behind and ahead, and the stories in and around them with all their parts."""

from datetime import timedelta
from typing import Any

from benchmarks.years.ground import Ground, put
from benchmarks.years.mass import DONE

MAILS = (
    "Welcome letter", "Reminder of the basket", "Refill hint", "Birthday greeting", "Price alert", "Care guide",
    "Invitation to the workshop", "Thank-you note", "Back in stock", "Question after the first order", "Early access",
    "Winter sale", "Recipe of the month", "Review request", "Loyalty points", "Delivery tips", "Gift finder",
    "Last day of the offer", "Meet the makers", "We miss you",
)  # fmt: skip
ABOUT = (
    "hand cream", "shaving soap", "bath salt", "beard oil", "face mask", "sun lotion", "lip balm", "body scrub",
    "rose water", "clay shampoo", "night serum", "foot butter", "cedar candle", "linen towels", "travel set",
    "baby lotion", "mint toner", "argan oil", "refill pouch",
)  # fmt: skip
CHANGES = (
    "Show a picture of somebody using it", "Put the price into the subject line", "Ask one question instead of three",
    "Send on the day before payday", "Name the seller who packed it", "Cut the text by half",
    "Lead with what other customers wrote", "Offer free shipping instead of a discount", "Let them choose a scent",
    "Explain how long a bottle lasts", "Write from the founder", "Leave out everything but the button",
    "Compare it with what they have",
)  # fmt: skip
"""As stories of a shop read: few of their words are in common. The counts share no factor, so pairs do not repeat."""
SPRINT = timedelta(days=14)
WORK = timedelta(days=11)


def write_sprints(ground: Ground) -> None:
    """Closed ones before those of the company, so that it is sprint 100 or so that runs. The running one is last."""
    from django.db.models import F

    from sprints.models import Sprint, SprintState

    there = Sprint.objects.for_workspace(ground.workspace)
    older = max(ground.mass.sprints - there.count(), 0)
    there.update(number=F("number") + older)
    first = there.order_by("start_date")[0].start_date - SPRINT * older
    made = put(
        Sprint,
        (
            Sprint(
                workspace=ground.workspace,
                number=n + 1,
                name=f"Sprint of {first + SPRINT * n:%d %B}",
                goal_sentence="Whoever bought once is told in time what goes with it",
                goal=ground.goals[n % len(ground.goals)],
                start_date=first + SPRINT * n,
                end_date=first + SPRINT * n + WORK,
                state=SprintState.CLOSED,
                capacity_points=40,
                committed_points=30,
                delivered_points=20 + n % 12,
                created_at=ground.ago(days=14 * (older - n) + 20),
                started_at=ground.ago(days=14 * (older - n) + 14),
                closed_at=ground.ago(days=14 * (older - n)),
            )
            for n in range(older)
        ),
    )
    ground.sprints = [*there.closed().exclude(pk__in=[sprint.pk for sprint in made]).order_by("pk"), *made]


def write_stories(ground: Ground) -> None:
    """Done ones in closed sprints, open ones in the running one, ready ones in the next, the rest in the backlog."""
    from django.db.models import Max

    from emailops.lib.ranks import rank_between
    from sprints.models import Sprint, Story, StoryKind, StoryStatus

    there = Story.objects.for_workspace(ground.workspace)
    last = there.aggregate(number=Max("number"), rank=Max("rank"))
    running = Sprint.objects.for_workspace(ground.workspace).get(state="running")
    coming = Sprint.objects.for_workspace(ground.workspace).filter(state="planning").order_by("pk")[0]
    count, rank = ground.mass.stories - there.count(), last["rank"]
    done, opened = int(count * DONE), ground.mass.running
    kinds, statuses, rows = list(StoryKind), list(StoryStatus), []
    for n in range(count):
        sprint, status = None, StoryStatus.TODO
        if n < done:
            sprint, status = ground.sprints[n % len(ground.sprints)], StoryStatus.DONE
        elif n < done + opened:
            sprint, status = running, statuses[n % len(statuses)]
        elif n < done + opened + ground.mass.planned:
            sprint = coming
        rank = rank_between(rank, "")
        rows.append(
            Story(
                workspace=ground.workspace,
                number=last["number"] + n + 1,
                title=f"{MAILS[n % len(MAILS)]}: {ABOUT[n % len(ABOUT)]}",
                as_a="reader",
                i_want="to hear of it in time",
                so_that="I do not miss it",
                kind=kinds[n % len(kinds)],
                goal=ground.goals[n % len(ground.goals)],
                points=n % 8 + 1,
                status=status,
                rank=rank,
                sprint=sprint,
                assignee=ground.member(n),
                created_by=ground.lead,
                created_at=ground.ago(days=900 - n / 10),
                updated_at=ground.ago(days=400 - n / 20),
                done_at=ground.ago(days=14 * (n % 90)) if status == StoryStatus.DONE else None,
            )
        )
    put(Story, rows)
    ground.stories = list(there.select_related("sprint").order_by("pk"))
    _parts(ground)
    _marks(ground)


def _parts(ground: Ground) -> None:
    """Criteria, and for what is sent a hypothesis and a brief."""
    from audience.models import Segment
    from sprints.models import AcceptanceCriterion, Hypothesis, SendBrief

    known = set(AcceptanceCriterion.objects.values_list("story", flat=True))
    fresh = [story for story in ground.stories if story.pk not in known]
    put(
        AcceptanceCriterion,
        (
            AcceptanceCriterion(workspace=ground.workspace, story=story, text=f"Criterion {n}", position=n)
            for story in fresh
            for n in range(3)
        ),
    )
    believed = set(Hypothesis.objects.values_list("story", flat=True))
    briefed = set(SendBrief.objects.values_list("story", flat=True))
    segments = list(Segment.objects.for_workspace(ground.workspace).order_by("pk"))
    put(Hypothesis, (_hypothesis(ground, story) for story in fresh if story.sends and story.pk not in believed))
    put(
        SendBrief,
        (
            _brief(ground, story, segments[n % len(segments)])
            for n, story in enumerate(fresh)
            if story.sends and story.pk not in briefed
        ),
    )


def _hypothesis(ground: Ground, story: Any) -> Any:
    from sprints.models import Hypothesis

    return Hypothesis(
        workspace=ground.workspace,
        story=story,
        because="Half of those who bought once never hear from us in the month after.",
        change=f"{CHANGES[story.number % len(CHANGES)]}.",
        audience="first buyers",
        metric="click_rate",
        baseline=0.02,
        expected=0.03,
        minimum_effect=0.005,
        check_date=ground.now.date() + timedelta(days=20),
    )


def _brief(ground: Ground, story: Any, segment: Any) -> Any:
    from sprints.models import SendBrief

    return SendBrief(
        workspace=ground.workspace,
        story=story,
        segment=segment,
        window_start=ground.now.date() + timedelta(days=5),
        window_end=ground.now.date() + timedelta(days=9),
        offer="Ten percent",
        cost=120,
        expected_low=300,
        expected_high=900,
    )


def _marks(ground: Ground) -> None:
    """Labels, helpers, followers, checklists, links, blockers, skills and scores."""
    from sprints.models import Blocker, Checklist, ChecklistItem, Label, StoryHelper, StoryLink, StoryScore, StoryWatch

    labels = put(Label, (Label(workspace=ground.workspace, name=f"Label {n}") for n in range(ground.mass.labels)))
    labelled = Label.stories.through
    put(labelled, (labelled(label=labels[n % len(labels)], story=story) for n, story in enumerate(ground.stories)))
    fresh = ground.stories[-int(ground.mass.stories * (1 - DONE)) :]
    put(StoryHelper, (StoryHelper(workspace=ground.workspace, story=s, member=ground.member(s.pk + 1)) for s in fresh))
    put(
        StoryWatch,
        (
            StoryWatch(workspace=ground.workspace, story=story, member=ground.member(story.pk + step))
            for story in fresh
            for step in (2, 3)
        ),
    )
    lists = put(
        Checklist,
        (
            Checklist(workspace=ground.workspace, story=story, name="Before it is done", created_at=ground.now)
            for story in fresh[::3]
        ),
    )
    put(
        ChecklistItem,
        (
            ChecklistItem(workspace=ground.workspace, checklist=some, text=f"Step {n}", rank=f"{n}a")
            for some in lists
            for n in range(5)
        ),
    )
    put(
        StoryLink,
        (
            StoryLink(workspace=ground.workspace, source=one, target=other, kind="relates")
            for one, other in zip(fresh[::4], fresh[1::4], strict=False)
        ),
    )
    put(
        Blocker,
        (
            Blocker(
                workspace=ground.workspace,
                story=story,
                reason="No feed",
                owner=ground.lead,
                opened_by=ground.lead,
                since=ground.ago(days=5),
            )
            for story in fresh[100::20]
        ),
    )
    put(
        StoryScore,
        (
            StoryScore(
                workspace=ground.workspace,
                story=story,
                reach=1000 + story.number,
                impact=story.number % 10,
                confidence=0.5,
                ease=story.number % 7,
                effort=3,
                scored_by=ground.lead,
                scored_at=ground.now,
            )
            for story in fresh[50:]
        ),
    )
