"""Imports: upload, match the columns, watch, take the refused rows back home."""

from collections.abc import Iterator

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import imports
from audience.forms.fact_imports import FactMappingForm
from audience.forms.imports import MappingForm, ReadForm, UploadForm
from audience.models import ContactImport, ImportWhat
from audience.services import current_attributes
from emailops.lib.csvfile import write_table
from workspaces.http import UNPROCESSABLE, MemberRequest, action, csv_download, page, shown_on
from workspaces.permissions import Can

SHOWN_REFUSALS = 20
SHOWN_IMPORTS = 50


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def import_list(request: MemberRequest) -> HttpResponse:
    """Earlier imports, and the upload of a new one."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"what": request.GET.get("what", "")})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            found = imports.open_import(
                workspace=request.workspace,
                file=form.cleaned_data["file"],
                encoding=form.cleaned_data["encoding"],
                what=form.cleaned_data["what"],
                by=request.member,
                now=request.now,
            )
            return redirect("audience:import_map", workspace=request.workspace.slug, pk=found.pk)
    earlier = ContactImport.objects.seen_by(request.member).select_related("created_by__user")
    context = {"form": form, "imports": _paged(request, earlier.order_by("-created_at", "-pk"))}
    return render(request, "audience/import_list.html", context, status=UNPROCESSABLE if form.errors else 200)


def _paged(request: MemberRequest, rows: QuerySet[ContactImport]) -> Page[ContactImport]:
    return Paginator(rows, SHOWN_IMPORTS).get_page(request.GET.get("page"))


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def import_map(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what each column is, and on what basis these people may be written to; then check, or start at once."""
    found = _found(request, pk)
    if not found.can_be_started:
        return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)
    form = _mapping_form(request, found)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            imports.start_import(
                found=found,
                choices=form.choices,
                by=request.member,
                now=request.now,
                is_dry_run=request.POST.get("do") == "check",
            )
            return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)
    return _mapping_page(request, found, form, ReadForm(initial=_read_as(found)))


def _found(request: MemberRequest, pk: int) -> ContactImport:
    rows = ContactImport.objects.seen_by(request.member).select_related("workspace", "created_by__user")
    return get_object_or_404(rows, pk=pk)


def _mapping_form(
    request: MemberRequest, found: ContactImport, *, is_new: bool = False
) -> "MappingForm | FactMappingForm":
    """For what the rows are. A new one does not look at what was posted."""
    data = None if is_new else request.POST or None
    if found.what != ImportWhat.PEOPLE:
        return FactMappingForm(data, found=found)
    return MappingForm(data, found=found, attributes=current_attributes(request.workspace))


def _read_as(found: ContactImport) -> dict[str, str]:
    return {"encoding": found.encoding, "delimiter": found.delimiter, "what": found.what}


def _mapping_page(
    request: MemberRequest, found: ContactImport, form: "MappingForm | FactMappingForm", read: ReadForm
) -> HttpResponse:
    samples = imports.sample_rows(found)
    columns = [
        (column, [row[i] for row in samples if i < len(row) and row[i].strip()][:3], form.choices_of(column))
        for i, column in enumerate(form.columns)
    ]
    context = {"form": form, "read_form": read, "found": found, "columns": columns, "is_empty": not samples}
    has_errors = form.errors or read.errors
    return render(request, "audience/import_map.html", context, status=UNPROCESSABLE if has_errors else 200)


@action(Can.EDIT_AUDIENCE)
def import_read(request: MemberRequest, pk: int) -> HttpResponse:
    """Take the file for what a person says it is; the columns are guessed again."""
    found = _found(request, pk)
    read = ReadForm(request.POST)
    if read.is_valid():
        with shown_on(read):
            imports.read_differently(found=found, by=request.member, now=request.now, **read.cleaned_data)
            return redirect("audience:import_map", workspace=request.workspace.slug, pk=pk)
    form = _mapping_form(request, found, is_new=True)
    return _mapping_page(request, _found(request, pk), form, read)


@action(Can.EDIT_AUDIENCE)
def import_start(request: MemberRequest, pk: int) -> HttpResponse:
    """Import what was checked, with the same choices."""
    found = _found(request, pk)
    imports.start_import(found=found, choices=imports.choices_of(found), by=request.member, now=request.now)
    return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.SEE_AUDIENCE)
def import_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """How far an import is, and what it could not take. While it runs the page asks again by itself."""
    found = _found(request, pk)
    template = "audience/_import_progress.html" if request.htmx else "audience/import_detail.html"
    seconds_left = found.seconds_left(request.now)
    context = {
        "found": found,
        "refusals": found.refusals.order_by("line", "pk")[:SHOWN_REFUSALS],
        "lists": found.lists,
        "topics": found.topics,
        "rows_per_second": round(found.rows_per_second(request.now)),
        "minutes_left": None if seconds_left is None else int(seconds_left // 60) + 1,
    }
    return render(request, template, context)


@action(Can.EDIT_AUDIENCE)
def import_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ContactImport.objects.seen_by(request.member), pk=pk)
    imports.cancel_import(found=found, by=request.member, now=request.now)
    messages.success(request, _("Cancelled; what was taken stays"))
    return redirect("audience:import_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.SEE_AUDIENCE)
def import_refusals(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were not taken, with the reason, as a CSV to mend and import again."""
    found = get_object_or_404(ContactImport.objects.seen_by(request.member), pk=pk)
    header = [_("Line"), _("Why it was not taken"), *found.header]
    return csv_download(f"not-imported-{found.pk}.csv", write_table(header, _refused_rows(found)))


def _refused_rows(found: ContactImport) -> Iterator[list[object]]:
    for refusal in found.refusals.order_by("line", "pk").iterator():
        yield [refusal.line, refusal.reason, *refusal.cells]
