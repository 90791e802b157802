"""Forms of the approval: ask for it, give it, and choose what it covers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sprints.models import ApprovalPolicy, ApprovalRequest, Covers, Verdict
from sprints.services.approvals import Say
from sprints.shown_plan import ShownPlan
from workspaces.forms import StyledForm
from workspaces.models import Member

LONGEST_WORDS = 2000
DECIDE = "decide"  # the id of the form that the controls of a plan belong to, wherever they stand on the page
ANSWERS = [
    ("", _("As the whole")),
    (Verdict.APPROVED, _("Approve")),
    (Verdict.CHANGE, _("Ask for a change")),
    (Verdict.DECLINED, _("Decline")),
]


class AskForm(StyledForm):
    """Whom to ask, and a word to that person."""

    approver = forms.ModelChoiceField(label=_("Who decides"), queryset=Member.objects.none(), empty_label=None)
    message = forms.CharField(
        label=_("Your message"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stands above the plan. What should the owner look at first?"),
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Member.objects.for_workspace(by.workspace).deciders().exclude(pk=by.pk)
        self.fields["approver"].queryset = others.order_by("user__name", "pk")  # type: ignore[attr-defined]  # a choice


class DecisionForm(StyledForm):
    """What the owner says of a frozen version: of the whole, and of the stories judged otherwise."""

    fingerprint = forms.CharField(widget=forms.HiddenInput())
    verdict = forms.ChoiceField(label=_("Your decision"), choices=Verdict.choices)
    comment = forms.CharField(
        label=_("A note for the team"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "form": DECIDE}),
        help_text=_("What should change, or what they should keep in mind."),
    )

    def __init__(self, *args: Any, request: ApprovalRequest, **kwargs: Any) -> None:
        super().__init__(*args, initial={"fingerprint": request.fingerprint}, **kwargs)
        self.stories = [item["id"] for item in request.items]
        for pk in self.stories:
            self.fields[f"story_{pk}_verdict"] = _verdict_field()
            self.fields[f"story_{pk}_comment"] = _comment_field()

    @property
    def each(self) -> dict[int, Say]:
        """The stories of which something was said by itself."""
        whole = self.cleaned_data["verdict"]
        said = {pk: (self._said(pk, "verdict"), self._said(pk, "comment")) for pk in self.stories}
        return {pk: Say(Verdict(verdict or whole), words) for pk, (verdict, words) in said.items() if verdict or words}

    def _said(self, pk: int, what: str) -> str:
        value: str = self.cleaned_data[f"story_{pk}_{what}"]
        return value

    def bind(self, plan: ShownPlan) -> None:
        """Give each story of the plan its own fields."""
        for story in plan.stories:
            story.verdict, story.say = self[f"story_{story.pk}_verdict"], self[f"story_{story.pk}_comment"]


def _verdict_field() -> forms.ChoiceField:
    attributes = {"form": DECIDE, "class": "check check--radio"}
    return forms.ChoiceField(
        label=_("This story"), required=False, choices=ANSWERS, initial="", widget=forms.RadioSelect(attrs=attributes)
    )


def _comment_field() -> forms.CharField:
    attributes = {"form": DECIDE, "class": "textarea", "rows": 2}
    return forms.CharField(
        label=_("About this story"), required=False, max_length=LONGEST_WORDS, widget=forms.Textarea(attrs=attributes)
    )


class PolicyForm(StyledForm):
    """What an approval covers, and how far the audience may drift."""

    covers = forms.ChoiceField(label=_("What an approval covers"), choices=Covers.choices, widget=forms.RadioSelect())
    tolerance = forms.IntegerField(
        label=_("The audience may drift by, in percent"),
        min_value=0,
        max_value=100,
        help_text=_("With 20, a send approved for 1,000 people may reach from 800 to 1,200 without being asked again."),
    )

    def __init__(self, *args: Any, policy: ApprovalPolicy, **kwargs: Any) -> None:
        initial = {"covers": policy.covers, "tolerance": round(policy.audience_tolerance * 100)}
        super().__init__(*args, initial=initial, **kwargs)
