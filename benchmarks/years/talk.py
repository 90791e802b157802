"""What was said: comments, notices, ideas."""

from datetime import timedelta
from typing import Any

from benchmarks.years.ground import Ground, put

ON_ONE = 500  # comments on each of two stories that everybody has something to say about
OF_ONE = 5  # one in so many notices is for the lead


def talk(ground: Ground) -> None:
    _comments(ground)
    _notices(ground)
    _ideas(ground)


def _comments(ground: Ground) -> None:
    from sprints.models import StoryComment

    first = [ground.stories[0], _talked_about(ground)]

    def about(n: int) -> Any:
        return first[n % 2] if n < 2 * ON_ONE else ground.stories[n % len(ground.stories)]

    put(
        StoryComment,
        (
            StoryComment(
                workspace=ground.workspace,
                story=about(n),
                author=ground.member(n),
                text=f"I asked the warehouse, and **number {n}** arrives on Monday.\n\n- first\n- second",
                audience="everybody" if n % 3 else "team",
                written_at=ground.ago(minutes=3 * n),
            )
            for n in range(ground.mass.comments)
        ),
    )


def _talked_about(ground: Ground) -> Any:
    from sprints.models import Story

    found = Story.objects.for_workspace(ground.workspace).filter(comments__isnull=False, checklists__isnull=False)
    return found.order_by("pk")[0]


def _notices(ground: Ground) -> None:
    """Half of them read."""
    from sprints import telling
    from workspaces.models import Notice

    put(
        Notice,
        (
            Notice(
                workspace=ground.workspace,
                member=ground.lead if n % OF_ONE == 0 else ground.member(n),
                kind=telling.ASSIGNED,
                about_type="story",
                about_id=ground.stories[n * 7 % len(ground.stories)].pk,
                by=ground.member(n + 1),
                at=ground.ago(minutes=5 * n),
                read_at=ground.ago(minutes=4 * n) if n % 2 else None,
            )
            for n in range(ground.mass.notices)
        ),
    )


def _ideas(ground: Ground) -> None:
    from sprints.models import Idea

    states = ("new", "new", "snoozed", "declined")
    put(
        Idea,
        (
            Idea(
                workspace=ground.workspace,
                title=f"Tell them how to keep it fresh {n}",
                text="A customer asked for it in the shop, and not for the first time.",
                source="team",
                sent_by=ground.member(n),
                received_at=ground.ago(hours=n),
                state=states[n % 4],
                snoozed_until=ground.now.date() + timedelta(days=20) if states[n % 4] == "snoozed" else None,
                reason="Too early" if states[n % 4] == "declined" else "",
            )
            for n in range(ground.mass.ideas)
        ),
    )
