"""A send under way and after: its progress, the buttons that stop it, everybody it was for."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery import services
from delivery.models import DeliveryQuerySet, DeliveryState, Reason, Run
from delivery.panel import RunPanel
from delivery.queries import page_of_ledger, recipients
from emailops.lib.csvfile import write_table
from workspaces.http import MemberRequest, action, csv_download, page
from workspaces.permissions import Can

PAGE_SIZE = 50
LONGEST_ID = 18  # digits of a number that PostgreSQL's bigint certainly holds


@page(Can.SEE_CAMPAIGNS)
def run_panel(request: MemberRequest, pk: int) -> HttpResponse:
    """How far a send is. The figures ask again by themselves while it moves, and say which state the page shows.

    When that is over, the page around them is new.
    """
    run = _run(request, pk)
    context = {"panel": RunPanel(run, request.now), "campaign": run.campaign}
    if not request.htmx:
        return render(request, "delivery/run_panel.html", context)
    response = render(request, "delivery/_run_moved.html", context)
    if not run.is_moving or request.GET.get("shown", run.state) != run.state:
        response.headers["HX-Refresh"] = "true"
    return response


@action(Can.STOP_CAMPAIGNS)
def run_pause(request: MemberRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    services.pause(run=run, by=request.member, now=request.now)
    messages.success(request, _("Paused. Each worker stops after the message in its hands."))
    return _to_campaign(request, pk)


@action(Can.STOP_CAMPAIGNS)
def run_resume(request: MemberRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    services.resume(run=run, by=request.member, now=request.now)
    messages.success(request, _("It goes on"))
    return _to_campaign(request, pk)


@action(Can.STOP_CAMPAIGNS)
def run_send_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Send again to those of whom nobody knows, or to those refused because of the sender."""
    what = request.POST.get("what", "")
    if what not in set(services.Again):
        raise services.RunRefused(_("Choose to whom it should be sent again."))
    count = services.send_again(run=_run(request, pk), what=services.Again(what), by=request.member, now=request.now)
    said = ngettext("%(count)d message is sent again", "%(count)d messages are sent again", count)
    messages.success(request, said % {"count": count})
    return _to_campaign(request, pk)


@action(Can.STOP_CAMPAIGNS)
def run_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    services.cancel(run=run, by=request.member, now=request.now)
    messages.success(request, _("Cancelled. Those who were still waiting get nothing."))
    return _to_campaign(request, pk)


def _to_campaign(request: MemberRequest, pk: int) -> HttpResponse:
    return redirect("campaigns:campaign_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.SEE_AUDIENCE)
def recipient_list(request: MemberRequest, pk: int) -> HttpResponse:
    """The ledger: everybody a send was for, with what became of it."""
    run = _run(request, pk)
    after, before = (_row_id(request.GET.get(name, "")) for name in ("after", "before"))
    context = {
        "run": run,
        "campaign": run.campaign,
        "panel": RunPanel(run, request.now),
        "ledger": page_of_ledger(_chosen(request, run), size=PAGE_SIZE, after=after, before=before),
        "is_narrowed": any(request.GET.get(name) for name in ("state", "reason", "q")),
    }
    return render(request, "delivery/recipient_list.html", context)


@page(Can.SEE_AUDIENCE)
def recipients_csv(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """The rows that the page shows with the same filters, all of them, as a CSV."""
    run = _run(request, pk)
    header = [_("Address"), _("State"), _("Reason"), _("The server’s answer"), _("Attempts"), _("When")]
    lines = write_table(header, _cells(_chosen(request, run), request.zone))
    return csv_download(f"recipients-{pk}.csv", lines)


def _cells(rows: DeliveryQuerySet, zone: ZoneInfo) -> Iterator[list[object]]:
    """The words are looked up here, in the reader's language: the lines are made when that is no longer known."""
    states = {value: str(label) for value, label in DeliveryState.choices}
    reasons = {value: str(label) for value, label in Reason.choices} | {"": ""}
    fields = rows.order_by("pk").values_list("address", "state", "reason", "reply_text", "attempt", "decided_at")

    def cells() -> Iterator[list[object]]:
        for address, state, reason, answer, attempts, at in fields.iterator(chunk_size=2000):
            yield [address, states[state], reasons[reason], answer, attempts, _moment(at, zone)]

    return cells()


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds") if at else ""


def _run(request: MemberRequest, campaign_pk: int) -> Run:
    return get_object_or_404(Run.objects.for_workspace(request.workspace).with_parts(), campaign=campaign_pk)


def _chosen(request: MemberRequest, run: Run) -> DeliveryQuerySet:
    """The rows that the filters in the address ask for; a filter that is nonsense finds nobody."""
    state, reason, words = (request.GET.get(name, "").replace("\0", "") for name in ("state", "reason", "q"))
    return recipients(run, request.member, state=state, reason=reason, words=words)


def _row_id(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None
