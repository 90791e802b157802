"""Forms of the import pages."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audience.calling_codes import calling_code_choices
from audience.forms import current_lists
from audience.forms.import_choices import ChoiceFields, targets_of
from audience.imports import SKIP, ImportChoices
from audience.models import AttributeDefinition, Consent, ContactImport, ContactList, ImportMode, ImportWhat, Topic
from workspaces.forms import DateInput, StyledForm, offer, style

ENCODINGS = [
    ("", _("Find out")),
    ("utf-8-sig", "UTF-8"),
    ("cp1251", _("Windows-1251 (Cyrillic)")),
    ("cp1252", _("Windows-1252 (Western)")),
    ("utf-16", "UTF-16"),
    ("utf-16-le", _("UTF-16, little-endian")),
    ("utf-16-be", _("UTF-16, big-endian")),
]
DELIMITERS = [
    ("", _("Find out")),
    (",", _("Comma")),
    (";", _("Semicolon")),
    ("\t", _("Tab")),
    ("|", _("Bar")),
    (":", _("Colon")),
    ("^", _("Caret")),
    ("~", _("Tilde")),
]
COLUMN_LABELS = {
    "email": _("E-mail address"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "full_name": _("Whole name"),
    "phone": _("Phone"),
    "country": _("Country"),
    "city": _("City"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "tags": _("Tags"),
    "external_id": _("Id in your CRM"),
    "agreed_on": _("Day of consent"),
}


WHAT = [("", _("Find out")), *ImportWhat.choices]


class UploadForm(StyledForm):
    """The file to import."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, an Excel workbook (XLSX) or JSON lines, also gzipped. The first line holds the names of the columns."
            " Up to 200 MB, a workbook up to 30 MB."
        ),
    )
    what = forms.ChoiceField(label=_("What is in it"), choices=WHAT, required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)

    def clean_what(self) -> ImportWhat | None:
        return ImportWhat(self.cleaned_data["what"]) if self.cleaned_data["what"] else None


class ReadForm(StyledForm):
    """What a file is to be taken for."""

    what = forms.ChoiceField(label=_("What is in it"), choices=ImportWhat.choices, required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)
    delimiter = forms.ChoiceField(label=_("Columns are divided by"), choices=DELIMITERS, required=False)

    def clean_what(self) -> ImportWhat | None:
        return ImportWhat(self.cleaned_data["what"]) if self.cleaned_data["what"] else None


class MappingForm(StyledForm):
    """What each column of a file becomes, where the people go, and on what basis we may write to them."""

    mode = forms.ChoiceField(label=_("Whom to take in"), choices=ImportMode, required=False, initial=ImportMode.BOTH)
    fills_gaps = forms.BooleanField(
        label=_("Only fill gaps"),
        required=False,
        help_text=_("What we know of people already stays as it is. An empty cell never empties anything."),
    )
    lists = forms.ModelMultipleChoiceField(
        label=_("Put them on these lists"),
        queryset=ContactList.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    calling_code = forms.ChoiceField(
        label=_("Country of phone numbers without a code"),
        required=False,
        help_text=_("Without it, a row with such a number is not taken."),
    )
    consent = forms.ChoiceField(
        label=_("Marketing consent"),
        choices=[
            (Consent.GIVEN, _("These people agreed to marketing mail, and I can show how")),
            (Consent.UNKNOWN, _("Nobody has asked them yet: keep them, but do not write to them")),
        ],
        widget=forms.RadioSelect,
        initial=Consent.UNKNOWN,
    )
    consent_source = forms.CharField(
        label=_("Where they agreed"),
        required=False,
        max_length=120,
        help_text=_("A form, a checkout, a fair. Kept as evidence for each of them."),
    )
    consent_wording = forms.CharField(
        label=_("In which words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Exactly what they agreed to, as they read it."),
    )
    consented_on = forms.DateField(
        label=_("On which day"),
        required=False,
        widget=DateInput(),
        help_text=_("Leave it empty if a column says so for each, or if it was over time."),
    )
    topics = forms.ModelMultipleChoiceField(
        label=_("They agreed to mails about"),
        queryset=Topic.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, found: ContactImport, attributes: Mapping[str, AttributeDefinition], **kwargs: Any
    ) -> None:
        super().__init__(*args, initial=_chosen(found), **kwargs)
        codes = calling_code_choices(get_language() or "en")
        self.fields["calling_code"].choices = [("", _("No country")), *codes]  # type: ignore[attr-defined]  # a choice
        offer(self, "lists", current_lists(found.workspace))
        topics = Topic.objects.for_workspace(found.workspace).filter(archived_at=None).order_by("position", "pk")
        offer(self, "topics", topics)
        for name in ("lists", "topics"):
            if not self.fields[name].queryset.exists():  # type: ignore[attr-defined]  # of these two fields
                del self.fields[name]
        self.column_names = [f"column_{index}" for index in range(len(found.header))]
        for index, name in enumerate(found.header):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name or _("Column %(number)d") % {"number": index + 1},
                choices=targets_of(attributes, COLUMN_LABELS, has_name=bool(name)),
                required=False,
                initial=found.mapping.get(str(index), SKIP),
            )
        targets = {name.removeprefix("column_"): str(self[name].value() or "") for name in self.column_names}
        self._choosing = ChoiceFields(found, attributes, targets, self.data if self.is_bound else None)
        self.fields.update(self._choosing.fields)
        style(self)

    def clean(self) -> dict[str, Any]:
        """Choices have to be seen before they are taken."""
        unseen = [name for name in self._choosing.fields if name not in self.data]
        if unseen:
            data = cast("QueryDict", self.data).copy()
            for name in unseen:
                data[name] = self.fields[name].initial
                self.errors.pop(name, None)
            self.data = data
            raise forms.ValidationError(_("Look through the values found in the file, then go on."))
        return self.cleaned_data

    def choices_of(self, column: forms.BoundField) -> list[forms.BoundField]:
        """What is asked about the values of a column that becomes an attribute of choices."""
        return [self[name] for name in self._choosing.names_of(column.name.removeprefix("column_"))]

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.column_names]

    @property
    def choices(self) -> ImportChoices:
        data = self.cleaned_data
        return ImportChoices(
            mapping={name.removeprefix("column_"): data[name] for name in self.column_names},
            mode=ImportMode(data["mode"] or ImportMode.BOTH),
            fills_gaps=data["fills_gaps"],
            lists=list(data.get("lists", ())),
            topics=list(data.get("topics", ())),
            calling_code=data["calling_code"],
            new_choices=self._choosing.new_choices(data),
            same_values=self._choosing.same_values(data),
            consent=Consent(data["consent"]),
            consent_source=data["consent_source"],
            consent_wording=data["consent_wording"],
            consented_on=data["consented_on"],
        )


def _chosen(found: ContactImport) -> dict[str, Any]:
    names = ("mode", "fills_gaps", "calling_code", "consent", "consent_source", "consent_wording", "consented_on")
    return {name: getattr(found, name) for name in names} | {"lists": found.list_ids, "topics": found.topic_ids}
