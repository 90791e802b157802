"""Forms of the audience pages."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.imports import CONTACT_COLUMNS, SKIP
from audience.models import AttributeDefinition, Consent, ContactList
from workspaces.forms import StyledForm, offer
from workspaces.models import Workspace

ENCODINGS = [
    ("", _("Find out")),
    ("utf-8-sig", "UTF-8"),
    ("cp1251", _("Windows-1251 (Cyrillic)")),
    ("cp1252", _("Windows-1252 (Western)")),
    ("utf-16", "UTF-16"),
]
COLUMN_LABELS = {
    "email": _("E-mail address"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "language": _("Language"),
    "external_id": _("Id in your CRM"),
}


class ConsentForm(StyledForm):
    """Evidence that a person agreed."""

    wording = forms.CharField(
        label=_("How did this person agree?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where, when, and in which words. This is kept as evidence."),
    )


class ListForm(StyledForm):
    """A new list."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("What it is for"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class ChooseListForm(StyledForm):
    """One of the workspace's lists."""

    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.none(), empty_label=_("Choose a list")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "contact_list", current_lists(workspace))


class SegmentForm(StyledForm):
    """What a segment is called; its rules come from the builder."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Who they are"), required=False, widget=forms.Textarea(attrs={"rows": 1}))


class UploadForm(StyledForm):
    """The file to import."""

    file = forms.FileField(
        label=_("CSV file"), help_text=_("The first line holds the names of the columns. Up to 200 MB.")
    )
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)


class MappingForm(StyledForm):
    """What each column of a file becomes, where the people go, and on what basis we may write to them."""

    contact_list = forms.ModelChoiceField(
        label=_("Put them on the list"),
        queryset=ContactList.objects.none(),
        required=False,
        empty_label=_("On no list"),
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
    consent_wording = forms.CharField(
        label=_("How they agreed"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where, when, and in which words. Kept as evidence for each of them."),
    )

    def __init__(
        self,
        *args: Any,
        workspace: Workspace,
        header: list[str],
        guessed: Mapping[str, str],
        attributes: Mapping[str, AttributeDefinition],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "contact_list", current_lists(workspace))
        choices: list[tuple[str, Any]] = [
            (SKIP, _("Leave out")),
            *((name, COLUMN_LABELS[name]) for name in CONTACT_COLUMNS),
        ]
        choices += [(f"attribute.{key}", definition.label) for key, definition in attributes.items()]
        self.column_names = [f"column_{index}" for index in range(len(header))]
        for index, name in enumerate(header):
            field = forms.ChoiceField(
                label=name or _("Column %(number)d") % {"number": index + 1},
                choices=choices,
                required=False,
                initial=guessed.get(str(index), SKIP),
            )
            field.widget.attrs["class"] = "select"
            self.fields[f"column_{index}"] = field

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.column_names]

    @property
    def mapping(self) -> dict[str, str]:
        return {name.removeprefix("column_"): self.cleaned_data[name] for name in self.column_names}


def current_lists(workspace: Workspace) -> Any:
    return ContactList.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk")
