"""The log of approvals: intact or where broken, line by line, and as files to keep."""

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render

from sprints.approval_log import verify
from sprints.approval_papers import answer_paper, detail_words, log_lines, log_paper
from sprints.models import ApprovalLogEntry, ApprovalRequest
from sprints.services.approval_exports import note_export
from workspaces.http import MemberRequest, csv_download, page
from workspaces.permissions import Can

PAGE_SIZE = 50


@page(Can.SEE_AUDIT)
def approval_log(request: MemberRequest) -> HttpResponse:
    """The lines, newest first, with the result of checking all of them."""
    entries = ApprovalLogEntry.objects.for_workspace(request.workspace).order_by("-number")
    lines = Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "chain": verify(request.workspace),
        "lines": lines,
        "told": [(entry, detail_words(entry.detail)) for entry in lines.object_list],
    }
    return render(request, "sprints/approval_log.html", context)


@page(Can.SEE_AUDIT)
def approval_log_csv(request: MemberRequest) -> StreamingHttpResponse:
    note_export(by=request.member, now=request.now, file_format="csv")
    return csv_download(f"approvals-{request.workspace.slug}.csv", log_lines(request.workspace))


@page(Can.SEE_AUDIT)
def approval_log_pdf(request: MemberRequest) -> HttpResponse:
    paper = log_paper(request.workspace, verify(request.workspace), request.zone, request.now)
    note_export(by=request.member, now=request.now, file_format="pdf")
    return _pdf(paper, f"approvals-{request.workspace.slug}.pdf")


@page(Can.SEE_SPRINTS)
def approval_pdf(request: MemberRequest, pk: int) -> HttpResponse:
    """One version and the answer to it."""
    requests = ApprovalRequest.objects.for_workspace(request.workspace).with_people()
    found = get_object_or_404(requests, pk=pk)
    note_export(by=request.member, now=request.now, file_format="pdf", request=found)
    return _pdf(answer_paper(found, request.zone, request.now), f"approval-{found.pk}-v{found.version}.pdf")


def _pdf(paper: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        paper, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
