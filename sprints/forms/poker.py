"""Forms of planning poker."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints.decks import Card, Deck, DeckRefused, decks_of, read_cards
from sprints.forms.choosing import ChooseStoriesForm
from sprints.models import PokerMode, PokerSession, Sprint
from sprints.services.poker.guests import LONGEST_NAME
from sprints.services.poker.sessions import Rules
from workspaces.forms import DateTimeInput, StyledForm, offer
from workspaces.models import Member, Workspace
from workspaces.permissions import TABLE, Can

USUAL_WINDOW = timedelta(days=2)
Choices = list[tuple[Any, Any]]


class NewPokerForm(ChooseStoriesForm):
    """How the session votes, on what, and with whom."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    mode = forms.ChoiceField(label=gettext_lazy("How to vote"), choices=PokerMode, widget=forms.RadioSelect)
    deadline_at = forms.DateTimeField(
        label=gettext_lazy("Vote until"),
        required=False,
        widget=DateTimeInput(),
        help_text=gettext_lazy("Only for voting until a deadline: who is missing is reminded before it."),
    )
    effort_deck = forms.ChoiceField(label=gettext_lazy("Cards for effort"), required=False)
    value_deck = forms.ChoiceField(label=gettext_lazy("Cards for value"), required=False)
    reveals_by_itself = forms.BooleanField(
        label=gettext_lazy("Turn the cards by themselves, five seconds after the last vote"),
        required=False,
        initial=True,
    )
    team = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Who votes"),
        queryset=Member.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("You are in. Everybody else of the team can join a live session, too."),
    )

    field_order = (
        "name", "find", "stories", "effort_deck", "value_deck", "mode", "deadline_at", "reveals_by_itself", "team",
    )  # fmt: skip

    def __init__(self, *args: Any, by: Member, now: datetime, **kwargs: Any) -> None:
        initial = {"mode": PokerMode.LIVE, "effort_deck": "fibonacci", "value_deck": "", **kwargs.pop("initial", {})}
        super().__init__(*args, workspace=by.workspace, initial=initial, **kwargs)
        self._decks = {deck.key: deck for deck in decks_of(by.workspace)}
        decks: Choices = [(deck.key, f"{deck.name}: {deck.labels}") for deck in self._decks.values()]
        self.fields["effort_deck"].choices = [*decks, ("", _("Do not vote on effort"))]  # type: ignore[attr-defined]  # a choice field
        self.fields["value_deck"].choices = [("", _("Do not vote on value")), *decks]  # type: ignore[attr-defined]  # a choice field
        offer(self, "team", voters(by.workspace).exclude(pk=by.pk))
        self.fields["deadline_at"].initial = (now + USUAL_WINDOW).replace(minute=0, second=0, microsecond=0)

    @property
    def rules(self) -> Rules:
        given = self.cleaned_data
        is_window = given["mode"] == PokerMode.WINDOW
        return Rules(
            effort=self._deck("effort_deck"),
            value=self._deck("value_deck"),
            mode=PokerMode(given["mode"]),
            deadline_at=given["deadline_at"] if is_window else None,
            reveals_by_itself=given["reveals_by_itself"],
        )

    def _deck(self, name: str) -> Deck | None:
        key = self.cleaned_data[name]
        return self._decks[key] if key else None


def voters(workspace: Workspace) -> Any:
    """Members whose role may estimate, by name."""
    found = Member.objects.for_workspace(workspace).active().filter(role__in=TABLE[Can.EDIT_STORIES])
    return found.order_by("user__name", "pk")


def sprints_to_estimate(workspace: Workspace) -> list[Sprint]:
    """Sprints whose stories can be chosen at once, newest first."""
    return list(Sprint.objects.for_workspace(workspace).open().order_by("-number"))


class VoteForm(forms.Form):
    """Cards for the story that was on the page; a dimension that is left out stays."""

    item = forms.IntegerField()
    effort = forms.CharField(required=False)
    value = forms.CharField(required=False)

    @property
    def cards(self) -> dict[str, str]:
        return {name: card for name in ("effort", "value") if (card := self.cleaned_data[name])}


class DeadlineForm(StyledForm):
    """More time, or less."""

    deadline_at = forms.DateTimeField(label=gettext_lazy("Vote until"), widget=DateTimeInput())


class HandOverForm(StyledForm):
    """Who leads from now on."""

    leader = forms.ModelChoiceField(label=gettext_lazy("Who leads"), queryset=Member.objects.none(), empty_label=None)

    def __init__(self, *args: Any, session: PokerSession, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "leader", voters(session.workspace))


class GuestForm(StyledForm):
    """The name under which a guest sits at the table."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("Everybody at the table sees it."),
    )


class DeckForm(StyledForm):
    """A deck of one's own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    cards = forms.CharField(
        label=gettext_lazy("Cards"),
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy(
            "One card a line, from the lowest to the highest, as in: XL = 8. A number alone is its own points. "
            "“?” and pass are added to every deck."
        ),
    )

    def clean_cards(self) -> list[Card]:
        try:
            return read_cards(self.cleaned_data["cards"])
        except DeckRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
