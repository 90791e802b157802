"""Tables to take away: a page to choose, and the file."""

from typing import Any

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from audience.exports import CONTACT_EXPORT_COLUMNS, ExportFormat, ExportWhat, Wanted, export
from audience.exports.formats import TYPES
from audience.exports.tables import ATTRIBUTE
from audience.forms import current_lists
from audience.models import ContactList, Segment
from audience.services import current_attributes
from workspaces.forms import StyledForm, offer, style
from workspaces.http import UNPROCESSABLE, MemberRequest, file_download, page, shown_on
from workspaces.models import Workspace
from workspaces.permissions import Can


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


@page(Can.EXPORT_AUDIENCE, Can.EXPORT_AUDIENCE)
def export_page(request: MemberRequest) -> HttpResponse | StreamingHttpResponse:
    """Choose; the POST is answered by the file, since each is written down in the audit log."""
    first = {name: request.GET.get(name, "") for name in ("contact_list", "segment", "words")}
    first["what"] = request.GET.get("what", ExportWhat.CONTACTS)
    form = ExportForm(request.POST or None, workspace=request.workspace, initial=first)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            wanted = form.wanted
            blocks = export(workspace=request.workspace, wanted=wanted, by=request.member, now=request.now)
            kind = "application/gzip" if wanted.is_gzip else TYPES[wanted.form]
            return file_download(wanted.filename, kind, blocks)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "audience/export.html", {"form": form}, status=status)
