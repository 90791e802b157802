"""Forms of the export page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.exports import ExportFormat, ExportWhat, Wanted
from audience.exports.tables import ATTRIBUTE, CONTACT_COLUMN_WORDS
from audience.finding import ContactFilter
from audience.forms import current_lists
from audience.models import Consent, Lifecycle, Segment, SuppressionReason, Survey
from audience.services import current_attributes
from workspaces.forms import StyledForm, offer, style
from workspaces.models import Member, Workspace

ALL = ("", "—")
NARROWED = tuple(ContactFilter.__dataclass_fields__)


class ExportForm(StyledForm):
    """What to take away, and as what; narrowed as the list of contacts is."""

    what = forms.ChoiceField(label=_("Table"), choices=ExportWhat, initial=ExportWhat.CONTACTS)
    survey = forms.ModelChoiceField(
        label=_("Answers to"),
        queryset=Survey.objects.none(),
        required=False,
        empty_label=_("All surveys, a row for each thing that was said"),
        help_text=_("Of one survey: a row for each answer, a column for each question."),
    )
    form = forms.ChoiceField(label=_("As"), choices=ExportFormat, initial=ExportFormat.CSV)
    has_words = forms.BooleanField(
        label=_("Headings in words"), required=False, initial=True, help_text=_("Otherwise as programs name them.")
    )
    is_gzip = forms.BooleanField(label=_("Packed with gzip"), required=False)
    q = forms.CharField(label=_("Words"), required=False, help_text=_("As in the search of contacts."))
    list = forms.ChoiceField(label=_("On the list"), required=False)
    segment = forms.ChoiceField(label=_("In the segment"), required=False)
    tag = forms.CharField(label=_("Tag"), required=False)
    consent = forms.ChoiceField(label=_("Consent"), required=False, choices=[ALL, *Consent.choices])
    suppressed = forms.ChoiceField(
        label=_("Never write"),
        required=False,
        choices=[ALL, ("no", _("Not suppressed")), ("yes", _("Suppressed")), *SuppressionReason.choices],
    )
    seller = forms.ChoiceField(label=_("Looked after by"), required=False)
    lifecycle = forms.ChoiceField(label=_("Stage"), required=False, choices=[ALL, *Lifecycle.choices])
    attribute = forms.ChoiceField(label=_("Attribute"), required=False)
    value = forms.CharField(label=_("Its value"), required=False)
    columns = forms.MultipleChoiceField(
        label=_("Columns of contacts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a choice, all of them."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        segments = Segment.objects.for_workspace(workspace).current().order_by("name", "pk")
        people = Member.objects.for_workspace(workspace).active().order_by("user__name", "pk")
        offer(self, "survey", Survey.objects.for_workspace(workspace).order_by("name", "pk"))
        self._offer("list", [(str(found.pk), found.name) for found in current_lists(workspace)])
        self._offer("segment", [(str(found.pk), found.name) for found in segments])
        self._offer("seller", [("none", _("Nobody")), *((str(person.pk), str(person)) for person in people)])
        attributes = current_attributes(workspace).items()
        self._offer("attribute", [(key, definition.shown_label) for key, definition in attributes])
        choices: Any = [*CONTACT_COLUMN_WORDS.items()]
        choices += [(f"{ATTRIBUTE}{key}", definition.shown_label) for key, definition in attributes]
        self.fields["columns"].choices = choices  # type: ignore[attr-defined]  # a choice field
        style(self)

    def _offer(self, name: str, choices: Any) -> None:
        self.fields[name].choices = [ALL, *choices]  # type: ignore[attr-defined]  # a choice field

    @property
    def narrowing(self) -> Any:
        """The fields by which rows are chosen, in the order of the page."""
        return [self[name] for name in NARROWED]

    @property
    def wanted(self) -> Wanted:
        data = self.cleaned_data
        return Wanted(
            what=ExportWhat(data["what"]),
            form=ExportFormat(data["form"]),
            is_gzip=data["is_gzip"],
            has_words=data["has_words"],
            survey=data["survey"],
            columns=data["columns"],
            narrowed=ContactFilter.read(data),
        )
