"""Forms of holding a retrospective: small ones, each one thing that is asked for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sprints.models import (
    MOST_PROMPTS,
    MOST_VOTES,
    STARS,
    ActionState,
    Retro,
    RetroGroup,
    RetroNote,
    RetroPhase,
    Sprint,
)
from workspaces.forms import StyledForm, offer
from workspaces.models import Member, Workspace
from workspaces.permissions import TABLE, Can


class PhaseForm(StyledForm):
    """To which step."""

    phase = forms.ChoiceField(choices=RetroPhase.choices)


class TimerForm(StyledForm):
    """So many minutes from now (0: stop the clock), or so many more."""

    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=0, max_value=120)
    more = forms.IntegerField(required=False, min_value=1, max_value=30)

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        if asked.get("minutes") is None and asked.get("more") is None:
            raise forms.ValidationError(_("Say how many minutes."))
        return asked


class LeadForm(StyledForm):
    """Who leads from now on."""

    member = forms.ModelChoiceField(label=_("Who leads"), queryset=Member.objects.none(), empty_label=None)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = Member.objects.for_workspace(workspace).active().filter(role__in=TABLE[Can.EDIT_STORIES])
        offer(self, "member", team.order_by("user__name", "pk"))


class WaysForm(StyledForm):
    """How the team does it."""

    prompts = forms.CharField(
        label=_("Prompts, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Two to five. Empty: went well, was hard, try next."),
    )
    votes_each = forms.IntegerField(label=_("Votes for everybody"), min_value=1, max_value=MOST_VOTES)
    may_stack = forms.BooleanField(label=_("A topic may get several of them"), required=False)
    is_anonymous = forms.BooleanField(label=_("Never show who wrote a note"), required=False)
    for_next = forms.BooleanField(label=_("Do it so next time, too"), required=False)

    def clean_prompts(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["prompts"]).splitlines() if line.strip()]
        if len(lines) > MOST_PROMPTS:
            raise forms.ValidationError(_("At most %(most)d prompts."), params={"most": MOST_PROMPTS})
        return lines


def ways_of(retro: Retro) -> dict[str, Any]:
    """What the form begins with."""
    plain = {name: getattr(retro, name) for name in ("votes_each", "may_stack", "is_anonymous")}
    return {**plain, "prompts": "\n".join(retro.prompts)}


class WorthForm(StyledForm):
    """One to five."""

    stars = forms.TypedChoiceField(choices=[(str(n), str(n)) for n in range(1, STARS + 1)], coerce=int)


class GatherForm(StyledForm):
    """Which notes go together, and into which topic: that of the first, another one, or each into its own."""

    notes = forms.ModelMultipleChoiceField(
        queryset=RetroNote.objects.none(), error_messages={"required": _("Tick the notes that belong together.")}
    )
    topic = forms.ModelChoiceField(queryset=RetroGroup.objects.none(), required=False)
    apart = forms.BooleanField(required=False)

    def __init__(self, *args: Any, sprint: Sprint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        notes = RetroNote.objects.filter(sprint=sprint, is_shown=True).order_by("created_at", "pk")
        offer(self, "notes", notes)
        offer(self, "topic", topics_of(sprint))


class MergeForm(StyledForm):
    """Into which other topic."""

    into = forms.ModelChoiceField(label=_("Merge with"), queryset=RetroGroup.objects.none())

    def __init__(self, *args: Any, sprint: Sprint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "into", topics_of(sprint))


def topics_of(sprint: Sprint) -> Any:
    """The topics of a sprint's retrospective, as they came up."""
    return RetroGroup.objects.filter(retro__sprint=sprint).order_by("created_at", "pk")


class TopicForm(StyledForm):
    """What a topic is called."""

    name = forms.CharField(label=_("Name of the topic"), max_length=120, required=False)


class DecisionForm(StyledForm):
    """What the team takes from a topic."""

    decision = forms.CharField(
        label=_("What we take from it"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class SettleForm(StyledForm):
    """What became of an action, said in which sprint's retrospective."""

    sprint = forms.ModelChoiceField(queryset=Sprint.objects.none())
    answer = forms.ChoiceField(choices=ActionState.choices)
    reason = forms.CharField(label=_("Why it is dropped"), max_length=300, required=False)

    def __init__(self, *args: Any, sprints: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "sprint", sprints)
