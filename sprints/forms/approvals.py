"""Forms of the approval: ask for it, give it, and choose what it covers."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sprints.answers import Say
from sprints.deciders import deciders_for
from sprints.models import AMOUNT_DIGITS, CENTS, ApprovalPolicy, ApprovalRequest, Covers, Verdict
from sprints.services.approval_policy import LEAST_QUIET, MOST_QUIET
from sprints.shown_plan import ShownPlan
from workspaces.forms import StyledForm, offer
from workspaces.models import Member, Workspace

LONGEST_WORDS = 2000
DECIDE = "decide"  # the id of the form that the controls of a plan belong to, wherever they stand on the page
STAYS = ("remind_after_days", "escalate_after_days", "quiet_minutes")
AS_STORED = (*STAYS, "code_above", "escalate_to", "lead_ticks_conditions", "one_person", "asks_again")
ANSWERS = [
    ("", _("As the whole")),
    (Verdict.APPROVED, _("Approve")),
    (Verdict.CONDITIONS, _("Approve with conditions")),
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
        offer(self, "approver", deciders_for(by))


class DecisionForm(StyledForm):
    """What the owner says of a frozen version: of the whole, and of the stories judged otherwise."""

    fingerprint = forms.CharField(widget=forms.HiddenInput())
    verdict = forms.ChoiceField(label=_("Your decision"), choices=Verdict.choices)
    comment = forms.CharField(
        label=_("A note for the team"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "form": DECIDE}),
        help_text=_("What should change, or what they should keep in mind. For conditions, write one a line."),
    )
    code = forms.CharField(
        label=_("Code from the mail"),
        required=False,
        max_length=20,
        widget=forms.TextInput(
            attrs={"form": DECIDE, "inputmode": "numeric", "autocomplete": "one-time-code", "class": "input"}
        ),
        help_text=_("Six digits. Leave it empty and press the button: we mail you one."),
    )

    def __init__(
        self, *args: Any, request: ApprovalRequest, kept: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """`kept` is what was written so far and is not sent yet."""
        initial = {**(kept or {}), "fingerprint": request.fingerprint}
        super().__init__(*args, initial=initial, **kwargs)
        self.stories = [item["id"] for item in request.asked_items]
        verdict, comment = _verdict_field(), _comment_field()  # alike for each story, of which there may be a hundred
        for pk in self.stories:
            self.fields[f"story_{pk}_verdict"], self.fields[f"story_{pk}_comment"] = verdict, comment

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
        for story in plan.decidable:
            if not story.is_carried:
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
    """What an approval covers, how far a plan may drift, and how answers are got."""

    covers = forms.ChoiceField(label=_("What an approval covers"), choices=Covers.choices, widget=forms.RadioSelect())
    tolerance = forms.IntegerField(
        label=_("The audience may drift by, in percent"),
        min_value=0,
        max_value=100,
        help_text=_("With 20, a send approved for 1,000 people may reach from 800 to 1,200 without being asked again."),
    )
    points = forms.IntegerField(
        label=_("The points of a plan may change by, in percent"),
        min_value=0,
        max_value=100,
        initial=20,
        required=False,
        help_text=_("Of all its stories together. Beyond that the owner is asked about the change."),
    )
    asks_again = forms.BooleanField(
        label=_("Ask again by itself after a material change"),
        required=False,
        help_text=_("Once the plan rests, the owner is asked about the change alone. Otherwise the team lead asks."),
    )
    quiet_minutes = forms.IntegerField(
        label=_("Minutes of quiet before that"),
        min_value=LEAST_QUIET,
        max_value=MOST_QUIET,
        initial=30,
        required=False,
        help_text=_("As long as somebody still changes the plan, nobody is asked."),
    )
    code_above = forms.DecimalField(
        label=_("Mail a code when a plan costs more than"),
        required=False,
        min_value=0,
        max_digits=AMOUNT_DIGITS,
        decimal_places=CENTS,
        help_text=_("A yes is then confirmed by six digits mailed to the one who says it. Empty: never."),
    )
    remind_after_days = forms.IntegerField(
        label=_("Remind the owner after, in days"),
        min_value=0,
        max_value=30,
        initial=1,
        required=False,
        help_text=_("Then once a day, five times at most, in the owner’s own waking hours. 0: never."),
    )
    escalate_after_days = forms.IntegerField(
        label=_("Ask a second person after, in days"), min_value=0, max_value=60, initial=3, required=False
    )
    escalate_to = forms.ModelChoiceField(
        label=_("Second person"), queryset=Member.objects.none(), required=False, empty_label=_("Nobody")
    )
    lead_ticks_conditions = forms.BooleanField(
        label=_("Team leads may tick conditions"),
        required=False,
        help_text=_("Otherwise only an owner says that a condition of a yes is met."),
    )
    one_person = forms.BooleanField(
        label=_("We are one person"),
        required=False,
        help_text=_(
            "You may approve what you propose yourself, as long as you are the only member. The log says so each time."
        ),
    )

    def __init__(self, *args: Any, policy: ApprovalPolicy, **kwargs: Any) -> None:
        initial = {
            "covers": policy.covers,
            "tolerance": round(policy.audience_tolerance * 100),
            "points": round(policy.points_tolerance * 100),
            **{name: getattr(policy, name) for name in AS_STORED},
        }
        super().__init__(*args, initial=initial, **kwargs)
        deciders = Member.objects.for_workspace(policy.workspace).deciders().order_by("user__name", "pk")
        offer(self, "escalate_to", deciders)

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, in the service's words. A number left out stays as it was."""
        data = self.cleaned_data
        kept = {name: self.initial[name] if data[name] is None else data[name] for name in STAYS}
        return {
            "covers": Covers(data["covers"]),
            "audience_tolerance": data["tolerance"] / 100,
            "points_tolerance": (self.initial["points"] if data["points"] is None else data["points"]) / 100,
            **{name: data[name] for name in AS_STORED},
            **kept,
        }


class MessageForm(forms.Form):
    """A question or an answer. The service says what is wrong with it."""

    text = forms.CharField(required=False)


class NamedForm(forms.Form):
    """Who sees to a condition; nobody, if left empty."""

    named = forms.ModelChoiceField(queryset=Member.objects.none(), required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.for_workspace(workspace).active().select_related("user")
        self.fields["named"].queryset = members.order_by("user__name", "pk")  # type: ignore[attr-defined]  # a choice field
