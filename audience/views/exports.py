"""Tables to take away: a page to choose, and the file."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from audience.exports import ExportWhat, export
from audience.exports.formats import TYPES
from audience.finding import ContactFilter
from audience.forms.exports import ExportForm
from workspaces.http import UNPROCESSABLE, MemberRequest, file_download, page, shown_on
from workspaces.permissions import Can


@page(Can.EXPORT_AUDIENCE, Can.EXPORT_AUDIENCE)
def export_page(request: MemberRequest) -> HttpResponse | StreamingHttpResponse:
    """Choose; the POST is answered by the file, since each is written down in the audit log."""
    first: dict[str, str] = {**ContactFilter.read(request.GET.dict()).asks}
    first["what"] = request.GET.get("what", ExportWhat.CONTACTS)
    first["survey"] = request.GET.get("survey", "")
    form = ExportForm(request.POST or None, workspace=request.workspace, initial=first)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            wanted = form.wanted
            blocks = export(workspace=request.workspace, wanted=wanted, by=request.member, now=request.now)
            kind = "application/gzip" if wanted.is_gzip else TYPES[wanted.form]
            return file_download(wanted.filename, kind, blocks)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "audience/export.html", {"form": form}, status=status)
