"""What the owner said of the stories of a plan, by verdict, for places where there is little room."""

from dataclasses import dataclass, field

from sprints.models import ApprovalCondition, ApprovalRequest, Story, Verdict


@dataclass(frozen=True, slots=True)
class AnsweredStory:
    """A story with the owner's words; of a yes with conditions these, and no words."""

    story: Story
    said: str
    conditions: list[ApprovalCondition]


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """All stories of which the same was said. Open are those about which something is to be done."""

    verdict: Verdict
    stories: list[AnsweredStory] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        if self.verdict == Verdict.CONDITIONS:
            return any(condition.met_at is None for one in self.stories for condition in one.conditions)
        return self.verdict == Verdict.CHANGE


ORDER = (Verdict.CHANGE, Verdict.CONDITIONS, Verdict.DECLINED, Verdict.APPROVED)
"""What asks for work comes first."""


def answer_groups(request: ApprovalRequest) -> list[AnswerGroup]:
    """The answers to a request, by verdict; without those that were not given. Two queries."""
    conditions = list(request.conditions.order_by("position"))
    groups = {verdict: AnswerGroup(verdict) for verdict in ORDER}
    for decision in request.decisions.select_related("story").order_by("pk"):
        on_it = [condition for condition in conditions if condition.story_id == decision.story_id]
        said = "" if on_it else decision.comment
        groups[Verdict(decision.verdict)].stories.append(AnsweredStory(decision.story, said, on_it))
    return [group for group in groups.values() if group.stories]
