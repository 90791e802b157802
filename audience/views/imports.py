"""Imports: upload, match the columns, watch, take the refused rows back home."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import imports
from audience.forms import MappingForm, UploadForm
from audience.models import Consent, ContactImport, ImportState
from audience.services import current_attributes
from emailops.lib.csvfile import write_table
from workspaces.http import UNPROCESSABLE, MemberRequest, action, csv_download, page, shown_on
from workspaces.permissions import Can

SHOWN_REFUSALS = 20


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def import_list(request: MemberRequest) -> HttpResponse:
    """Earlier imports, and the upload of a new one."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            found = imports.open_import(
                workspace=request.workspace,
                file=form.cleaned_data["file"],
                encoding=form.cleaned_data["encoding"],
                by=request.member,
                now=request.now,
            )
            return redirect("audience:import_map", workspace=request.workspace.slug, pk=found.pk)
    earlier = ContactImport.objects.for_workspace(request.workspace).select_related("created_by__user", "contact_list")
    context = {"form": form, "imports": earlier.order_by("-created_at", "-pk")[:50]}
    return render(request, "audience/import_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def import_map(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what each column is, and on what basis these people may be written to."""
    found = get_object_or_404(ContactImport.objects.for_workspace(request.workspace), pk=pk)
    if found.state != ImportState.MAPPING:
        return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)
    form = MappingForm(
        request.POST or None,
        workspace=request.workspace,
        header=found.header,
        guessed=found.mapping,
        attributes=current_attributes(request.workspace),
    )
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            imports.start_import(
                found=found,
                mapping=form.mapping,
                contact_list=form.cleaned_data["contact_list"],
                consent=Consent(form.cleaned_data["consent"]),
                consent_wording=form.cleaned_data["consent_wording"],
                by=request.member,
                now=request.now,
            )
            return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)
    samples = imports.sample_rows(found)
    columns = [(column, [row[i] for row in samples if i < len(row)][:3]) for i, column in enumerate(form.columns)]
    context = {"form": form, "found": found, "columns": columns}
    return render(request, "audience/import_map.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.SEE_AUDIENCE)
def import_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """How far an import is, and what it could not take. While it runs the page asks again by itself."""
    found = get_object_or_404(
        ContactImport.objects.for_workspace(request.workspace).select_related("contact_list"), pk=pk
    )
    template = "audience/_import_progress.html" if request.htmx else "audience/import_detail.html"
    refusals = found.refusals.order_by("line", "pk")[:SHOWN_REFUSALS]
    return render(request, template, {"found": found, "refusals": refusals})


@action(Can.EDIT_AUDIENCE)
def import_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ContactImport.objects.for_workspace(request.workspace), pk=pk)
    imports.cancel_import(found=found, by=request.member, now=request.now)
    messages.success(request, _("Import cancelled; what was taken stays"))
    return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.SEE_AUDIENCE)
def import_refusals(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were not taken, with the reason, as a CSV to mend and import again."""
    found = get_object_or_404(ContactImport.objects.for_workspace(request.workspace), pk=pk)
    header = [_("Line"), _("Why it was not taken"), *found.header]
    return csv_download(f"not-imported-{found.pk}.csv", write_table(header, _refused_rows(found)))


def _refused_rows(found: ContactImport) -> Iterator[list[object]]:
    for refusal in found.refusals.order_by("line", "pk").iterator():
        yield [refusal.line, refusal.reason, *refusal.cells]
