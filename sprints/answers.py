"""What an owner says of a version: of the whole, and of the items judged otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sprints.models import YES, ApprovalRequest, Verdict


@dataclass(frozen=True, slots=True)
class Say:
    """What the owner says of one story, goal or principle. Without `conditions` the lines of the comment are them."""

    verdict: Verdict
    comment: str = ""
    conditions: Sequence[str] = ()

    @property
    def wanted(self) -> list[str]:
        """The conditions; none unless the answer is a yes with conditions."""
        if self.verdict != Verdict.CONDITIONS:
            return []
        return [line for text in (self.conditions or self.comment.splitlines()) if (line := text.strip(" \t-•*"))]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a version: of the whole, and of the items judged otherwise, by id."""

    whole: Verdict
    each: Mapping[int, Say] = field(default_factory=dict)
    comment: str = ""
    conditions: Sequence[str] = ()

    def says(self, request: ApprovalRequest) -> dict[int, Say]:
        """What is said of each item that was asked."""
        return {item["id"]: self.each.get(item["id"], Say(self.whole)) for item in request.asked_items}

    @property
    def wanted(self) -> list[str]:
        """The conditions on the whole."""
        return Say(self.whole, self.comment, self.conditions).wanted

    def overall(self, request: ApprovalRequest) -> Verdict:
        """The verdict on the request: a yes to some of several is a change asked for."""
        says = self.says(request).values()
        if self.whole not in YES:
            return self.whole
        if any(say.verdict not in YES for say in says):
            return Verdict.CHANGE
        return Verdict.CONDITIONS if self.wanted or any(say.wanted for say in says) else Verdict.APPROVED
