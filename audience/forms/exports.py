"""Forms of the export page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.exports import CONTACT_EXPORT_COLUMNS, ExportFormat, ExportWhat, Wanted
from audience.exports.tables import ATTRIBUTE
from audience.forms import current_lists
from audience.models import ContactList, Segment
from audience.services import current_attributes
from workspaces.forms import StyledForm, offer, style
from workspaces.models import Workspace


class ExportForm(StyledForm):
    """What to take away, and as what."""

    what = forms.ChoiceField(label=_("Table"), choices=ExportWhat, initial=ExportWhat.CONTACTS)
    form = forms.ChoiceField(label=_("As"), choices=ExportFormat, initial=ExportFormat.CSV)
    is_gzip = forms.BooleanField(label=_("Packed with gzip"), required=False)
    contact_list = forms.ModelChoiceField(
        label=_("Only who is on the list"), queryset=ContactList.objects.none(), required=False, empty_label="—"
    )
    segment = forms.ModelChoiceField(
        label=_("Only who is in the segment"), queryset=Segment.objects.none(), required=False, empty_label="—"
    )
    words = forms.CharField(label=_("Only whose name or address holds"), required=False)
    columns = forms.MultipleChoiceField(
        label=_("Columns of contacts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a choice, all of them."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "contact_list", current_lists(workspace))
        offer(self, "segment", Segment.objects.for_workspace(workspace).current().order_by("name", "pk"))
        attributes = current_attributes(workspace).items()
        choices = [(name, name) for name in CONTACT_EXPORT_COLUMNS]
        choices += [(f"{ATTRIBUTE}{key}", definition.label) for key, definition in attributes]
        self.fields["columns"].choices = choices  # type: ignore[attr-defined]  # a choice field
        style(self)

    @property
    def wanted(self) -> Wanted:
        data = self.cleaned_data
        return Wanted(**{**data, "what": ExportWhat(data["what"]), "form": ExportFormat(data["form"])})
