"""The log of approvals and single answers as files to keep: CSV for tables, PDF for the folder."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from emailops.lib.csvfile import write_table
from emailops.lib.fingerprint import canonical_json
from emailops.lib.pdf import Document
from sprints.approval_log import Chain
from sprints.letters import subject_of
from sprints.models import ApprovalLogEntry, ApprovalRequest, Verdict
from sprints.ranges import money_between
from sprints.shown_plan import ShownItem, ShownStory, decided_by_words, shown_plan
from workspaces.models import Workspace
from workspaces.templatetags.ui import exact_money

SHORT = 16
COLUMNS = (
    "number", "at", "event", "about", "request", "by", "through", "detail", "previous_sha256", "sha256",
)  # fmt: skip


def log_lines(workspace: Workspace) -> Iterator[str]:
    """The lines of a CSV with the whole log, oldest first; moments in UTC, details as JSON."""
    entries = ApprovalLogEntry.objects.for_workspace(workspace).order_by("number")
    return write_table(COLUMNS, (_cells(entry) for entry in entries.iterator(chunk_size=500)))


def _cells(entry: ApprovalLogEntry) -> Sequence[object]:
    return (
        entry.number, entry.at.isoformat(), entry.event, entry.subject, entry.request_id or "", entry.actor,
        entry.through, canonical_json(entry.detail), entry.previous, entry.digest,
    )  # fmt: skip


def log_paper(workspace: Workspace, chain: Chain, zone: ZoneInfo, now: datetime) -> bytes:
    """The whole log as a PDF, with the result of the check of its chain."""
    title = _("Log of approvals")
    paper = Document(title, language=get_language() or "en", footer_text=f"{workspace} · {_moment(now, zone)}")
    paper.paragraph(chain_words(chain))
    entries = ApprovalLogEntry.objects.for_workspace(workspace).order_by("number")
    header = [_("Number"), _("When"), _("What happened"), _("About"), "SHA-256"]
    paper.rows(header, (_row(entry, zone) for entry in entries.iterator(chunk_size=500)), (8, 20, 42, 30, 22))
    return paper.made()


def _row(entry: ApprovalLogEntry, zone: ZoneInfo) -> list[str]:
    who = entry.actor or _("The system")
    through = f" ({entry.through})" if entry.through else ""
    words = f"{who} {entry.get_event_display()}{through}. {detail_words(entry.detail)}"
    return [str(entry.number), _moment(entry.at, zone), words, entry.subject, f"{entry.digest[:SHORT]}…"]


def detail_words(detail: dict[str, Any]) -> str:
    """What a line says besides its event, for people: the answer, the comment, the conditions, the changes."""
    said = [str(Verdict(detail["verdict"]).label)] if detail.get("verdict") else []
    said += [str(detail[name]) for name in ("comment", "to") if detail.get(name)]
    for name in ("conditions", "material", "immaterial"):
        said += [str(words) for words in detail.get(name, [])]
    return "; ".join(said)


def chain_words(chain: Chain) -> str:
    if chain.is_intact:
        return _("The chain is intact: %(count)d lines, each holding the hash of the one before.") % {
            "count": chain.count
        }
    return _("The chain is broken at line %(line)d. %(why)s") % {"line": chain.broken_at, "why": chain.why}


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return date_format(moment.astimezone(zone), "SHORT_DATETIME_FORMAT")


def answer_paper(request: ApprovalRequest, zone: ZoneInfo, now: datetime) -> bytes:
    """One version as it was asked, and the answer to it, as a PDF."""
    plan = shown_plan(request)
    about = subject_of(request)
    title = about[:1].upper() + about[1:]
    paper = Document(title, language=get_language() or "en", footer_text=f"{request.workspace} · {_moment(now, zone)}")
    paper.facts(_facts(request, zone))
    if plan.sprint:
        paper.heading(_("The goal"))
        paper.paragraph(plan.sprint["goal_sentence"])
        paper.facts(
            [
                (_("Expected revenue"), money_between(*plan.expected, plan.currency)),
                (_("Cost of offers"), exact_money(plan.cost, plan.currency)),
            ]
        )
    for shown in plan.decidable:
        _write_item(paper, shown)
    conditions = [f"{'☑' if one.met_at else '☐'} {one.text}" for one in plan.conditions]
    if conditions:
        paper.heading(_("Conditions"))
        paper.paragraph("\n".join(words.replace("☑", "[x]").replace("☐", "[ ]") for words in conditions))
    return paper.made()


def _facts(request: ApprovalRequest, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield _("Version"), str(request.version)
    yield _("Asked"), f"{request.requested_by}, {_moment(request.requested_at, zone)}"
    yield _("Answer"), request.get_verdict_display() or request.get_state_display()
    if request.decided_at:
        how = request.get_decided_via_display()
        yield _("Answered"), f"{decided_by_words(request)}, {_moment(request.decided_at, zone)} ({how})"
    if request.comment:
        yield _("Comment"), request.comment
    yield "SHA-256", request.fingerprint


def _write_item(paper: Document, shown: ShownStory | ShownItem) -> None:
    paper.heading(shown.item["title"], size=11)
    if isinstance(shown, ShownStory):
        if shown.why:
            paper.paragraph(shown.why, soft=True)
        pairs = [(_("Expected revenue"), money_between(*shown.expected, shown.currency))] if shown.expected[1] else []
        pairs += [(_("Done when"), "; ".join(shown.item["criteria"]))] if shown.item["criteria"] else []
    else:
        pairs = shown.said
    if shown.decision:
        said = ". ".join(filter(None, [str(shown.decision.get_verdict_display()), shown.decision.comment]))
        pairs = [*pairs, (_("Answer"), said)]
    elif shown.is_carried:
        pairs = [*pairs, (_("Answer"), _("Approved before, not asked again"))]
    paper.facts(pairs)
