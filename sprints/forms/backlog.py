"""Forms around the backlog: what is looked for, what is done to many, lists, templates, scores, where from."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from audience.models import Contact
from sprints.backlog_filters import ME, NOBODY, Mark, Place, Wanted
from sprints.models import (
    LONGEST_FORMULA,
    LONGEST_LABEL,
    MOST_EFFORT,
    MOST_REACH,
    TOP_MARK,
    Label,
    OriginKind,
    ScoreFormula,
    Sprint,
    Story,
    StoryKind,
    StoryOrigin,
    StoryScore,
    StoryTemplate,
)
from sprints.services.bulk import Action, Bulk
from sprints.services.stories import MOST_POINTS
from sprints.services.templates import Origin
from strategy.models import Goal
from workspaces.forms import StyledForm, StyledModelForm, offer
from workspaces.models import Member, Workspace

LONGEST_SEARCH = 200
MOST_DIGITS = 9
PERCENT = 100


def wanted_of(params: QueryDict) -> Wanted:
    """What an address asks for; what makes no sense there is as if it were not there."""
    goal, who = params.get("goal", ""), params.get("who", "")
    return Wanted(
        text=params.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
        place=_one_of(params.get("where", ""), Place.values),
        kind=_one_of(params.get("kind", ""), StoryKind.values),
        goal=number_of(goal),
        who=who if who in {ME, NOBODY} or number_of(who) else "",
        label=number_of(params.get("label")),
        segment=number_of(params.get("segment")),
        marks=frozenset(params.getlist("is")) & frozenset(Mark.values),
    )


ORDER = "by"
KEPT = ("q", "where", "kind", "goal", "who", "label", "segment", "is", ORDER)
"""What a saved search keeps of an address."""


def kept_query(params: QueryDict) -> str:
    """The part of an address that says what is looked for and in which order, always in the same way."""
    return urlencode([(name, value) for name in KEPT for value in params.getlist(name) if value])


def _one_of(value: str, known: list[str]) -> str:
    return value if value in known else ""


def number_of(text: str | None) -> int | None:
    """The id in an address, if it is one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


class BulkForm(forms.Form):
    """Which stories, what to do, and to what end."""

    story = forms.TypedMultipleChoiceField(coerce=int, required=False)
    do = forms.ChoiceField(choices=[(action.value, action.value) for action in Action])
    sprint = forms.ModelChoiceField(queryset=Sprint.objects.none(), required=False)
    goal = forms.ModelChoiceField(queryset=Goal.objects.none(), required=False)
    kind = forms.ChoiceField(choices=[("", ""), *StoryKind.choices], required=False)
    assignee = forms.ModelChoiceField(queryset=Member.objects.none(), required=False)
    label = forms.ModelChoiceField(queryset=Label.objects.none(), required=False)
    new_label = forms.CharField(max_length=LONGEST_LABEL, required=False)

    def __init__(self, data: QueryDict, *, workspace: Workspace) -> None:
        super().__init__(data)
        ids = [value for value in data.getlist("story") if number_of(value)]
        self.fields["story"].choices = [(value, value) for value in ids]  # type: ignore[attr-defined]  # a choice field
        rows: dict[str, Any] = {
            "sprint": Sprint.objects.for_workspace(workspace).open(),
            "goal": Goal.objects.for_workspace(workspace),
            "assignee": Member.objects.for_workspace(workspace).active(),
            "label": Label.objects.for_workspace(workspace),
        }
        for name, found in rows.items():
            offer(self, name, found)

    @property
    def bulk(self) -> Bulk:
        data = self.cleaned_data
        kind = StoryKind(data["kind"]) if data["kind"] else None
        chosen = {name: data[name] for name in ("sprint", "goal", "assignee", "label", "new_label")}
        return Bulk(Action(data["do"]), kind=kind, **chosen)


class PasteForm(StyledForm):
    """A list of stories, one a line."""

    text = forms.CharField(
        label=_("One story a line"),
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "true"}),
        help_text=_("Just a title, or more of it: title | as a | I want | so that. Bullets and numbers before it go."),
    )


class FilterForm(StyledForm):
    """The name of a search."""

    name = forms.CharField(label=_("Name of this search"), max_length=60)
    is_shared = forms.BooleanField(label=_("For the whole team"), required=False)
    query = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput())


class TemplateForm(StyledModelForm):
    """A template: the parts of a story that stay the same."""

    criteria = forms.CharField(
        label=_("Acceptance criteria"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One line each."),
    )

    class Meta:
        model = StoryTemplate
        fields = ("name", "title", "kind", "as_a", "i_want", "so_that", "problem", "points")
        widgets = {
            "i_want": forms.Textarea(attrs={"rows": 2}),
            "so_that": forms.Textarea(attrs={"rows": 2}),
            "problem": forms.Textarea(attrs={"rows": 3}),
            "points": forms.NumberInput(attrs={"min": 0, "max": MOST_POINTS}),
        }
        help_texts = {"name": _("How the team calls it, for example: Reminder before something is empty")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.setdefault("criteria", "\n".join(self.instance.criteria))

    def clean_criteria(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["criteria"].splitlines() if line.strip()]


class TemplateNameForm(StyledForm):
    """What a story is called as a template."""

    name = forms.CharField(label=_("Name of the template"), max_length=80)


def _figure(label: Any, most: float, help_text: Any) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        required=False,
        min_value=0,
        max_value=most,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=help_text,
    )


class ScoreForm(StyledForm):
    """The figures of one story; confidence is typed in percent."""

    reach = _figure(_("Reach"), MOST_REACH, _("How many people it touches in a quarter."))
    impact = _figure(_("Impact"), TOP_MARK, _("From 0 to 10: how much it moves the goal for each of them."))
    confidence = _figure(
        _("Confidence, %"), PERCENT, _("How sure you are: 100 with data, 80 with signs, 50 with hope.")
    )
    ease = _figure(_("Ease"), TOP_MARK, _("From 0 to 10: 10 is done before lunch."))
    effort = _figure(_("Effort"), MOST_EFFORT, _("In days of one person. Left empty, the points of the story count."))

    def __init__(self, *args: Any, score: StoryScore | None = None, **kwargs: Any) -> None:
        if score is not None:
            kwargs.setdefault("initial", _typed(score))
        super().__init__(*args, **kwargs)

    @property
    def figures(self) -> dict[str, float | None]:
        given: dict[str, float | None] = dict(self.cleaned_data)
        if given["confidence"] is not None:
            given["confidence"] /= PERCENT
        return given


def _typed(score: StoryScore) -> dict[str, str]:
    """The figures as a number box takes them."""
    given = {name: getattr(score, name) for name in ("reach", "impact", "confidence", "ease", "effort")}
    scale = {"confidence": PERCENT}
    return {
        name: f"{(Decimal(str(value)) * scale.get(name, 1)).normalize():f}"
        for name, value in given.items()
        if value is not None
    }


class FormulaForm(StyledForm):
    """The team's own way to count."""

    name = forms.CharField(label=_("Name"), max_length=40, help_text=_("Short: it heads the column in the backlog."))
    expression = forms.CharField(label=_("Formula"), max_length=LONGEST_FORMULA)

    def __init__(self, *args: Any, formula: ScoreFormula | None = None, **kwargs: Any) -> None:
        if formula is not None:
            kwargs.setdefault("initial", {"name": formula.name, "expression": formula.expression})
        super().__init__(*args, **kwargs)
        self.fields["expression"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}


class OriginForm(StyledForm):
    """Where a story comes from."""

    kind = forms.ChoiceField(
        label=_("It comes from"), choices=[c for c in OriginKind.choices if c[0] != OriginKind.IMPORT.value]
    )
    words = forms.CharField(
        label=_("What was said"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )
    contact = forms.EmailField(
        label=_("Whose answer"), required=False, help_text=_("The e-mail address of a contact of yours.")
    )
    earlier = forms.CharField(
        label=_("Follows from story"), required=False, max_length=12, help_text=_("Its number, as in #12.")
    )

    def __init__(self, *args: Any, story: Story, member: Member, **kwargs: Any) -> None:
        origin: StoryOrigin | None = getattr(story, "origin", None)
        if origin is not None:
            kwargs.setdefault("initial", _told(origin, member))
        super().__init__(*args, **kwargs)
        self._workspace, self._member = story.workspace, member
        self._unseen = origin.contact if origin and origin.contact and not origin.contact.is_seen_by(member) else None

    def clean_contact(self) -> Contact | None:
        """Whom a colleague of a seller looks after is not shown, and stays."""
        return contact_of(self._member, self.cleaned_data["contact"]) or self._unseen

    def clean_earlier(self) -> Story | None:
        return numbered_story(self._workspace, self.cleaned_data["earlier"])

    @property
    def origin(self) -> Origin:
        data = self.cleaned_data
        return Origin(OriginKind(data["kind"]), data["words"], data["contact"], data["earlier"])


def _told(origin: StoryOrigin, member: Member) -> dict[str, Any]:
    contact = origin.contact if origin.contact and origin.contact.is_seen_by(member) else None
    return {
        "kind": origin.kind,
        "words": origin.words,
        "contact": contact.email if contact else "",
        "earlier": f"#{origin.earlier.number}" if origin.earlier else "",
    }


def contact_of(member: Member, email: str) -> Contact | None:
    """The contact of an address, of those that this member sees; None for none. Raises the error of a field."""
    if not email:
        return None
    found: Contact | None = Contact.objects.seen_by(member).filter(email__iexact=email).first()
    if found is None:
        raise forms.ValidationError(_("No contact has this address."))
    return found


def numbered_story(workspace: Workspace, text: str) -> Story | None:
    """The story of a number, with or without its sign; None for none. Raises the error of a field."""
    if not text:
        return None
    number = number_of(text.strip().removeprefix("#"))
    found: Story | None = Story.objects.for_workspace(workspace).filter(number=number or 0).first()
    if found is None:
        raise forms.ValidationError(_("No story has this number."))
    return found
