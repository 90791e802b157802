"""The owner's report of a retrospective as a file, in the reader's language."""

from collections.abc import Iterator

from django.template.defaultfilters import floatformat
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from emailops.lib.pdf import Document
from sprints.models import RetroAction
from sprints.owner_waiting import Wait
from sprints.ranges import days_between, money_between
from sprints.retro_facts import GoalMove
from sprints.retro_report import RetroReport
from sprints.retrospect import RetroStory
from sprints.sends import StorySend
from strategy.figures import figure
from workspaces.templatetags.ui import money, percent

Pairs = Iterator[tuple[str, str]]


def report_pdf(report: RetroReport) -> bytes:
    """This function will give a PDF with the words of the page `sprints:retro_report`."""
    sprint = report.sprint
    title = _("Retrospective of sprint %(number)d: %(name)s") % {"number": sprint.number, "name": sprint.name}
    made = _("%(workspace)s, made on %(day)s") % {
        "workspace": sprint.workspace,
        "day": date_format(report.made_at, "DATE_FORMAT"),
    }
    document = Document(title, language=get_language() or "en", footer_text=made)
    document.paragraph(days_between(*report.figures.days), soft=True)
    if sprint.goal_sentence:
        document.paragraph(sprint.goal_sentence)
    document.tiles(_tiles(report))
    document.facts(_figures(report))
    _add_agreed(document, report)
    _add_stories(document, report)
    _add_happened(document, report)
    return document.made()


def _tiles(report: RetroReport) -> list[tuple[str, str, str]]:
    figures, worth, currency = report.figures, report.worth, report.sprint.workspace.currency
    of = _("%(part)s of %(whole)s")
    promised = money_between(*figures.promised, currency) if figures.promised else _("nothing")
    waited, held = figures.waited_days, of % {"part": figures.held, "whole": figures.judged}
    rate = _("%(rate)s of what was planned") % {"rate": percent(figures.delivered_rate, 0)}
    return [
        (_("Delivered points"), of % {"part": figures.delivered, "whole": figures.committed}, rate),
        (_("Revenue"), money(figures.revenue, currency), _("promised %(promised)s") % {"promised": promised}),
        (_("Forecasts that held"), held if figures.judged else "–", _waited_words(waited)),
        (
            _("Worth our time"),
            of % {"part": floatformat(worth.mean, 1), "whole": 5} if worth.is_shown else "–",
            _answers_words(worth.answers) if worth.is_shown else _("too few answers to show"),
        ),
    ]


def _waited_words(waited: float | None) -> str:
    if waited is None:
        return _("the owner gave no answer")
    return _("wait for approval: %(days)s days") % {"days": floatformat(waited, 1)}


def _answers_words(answers: int) -> str:
    return ngettext("%(answers)d answer", "%(answers)d answers", answers) % {"answers": answers}


def _figures(report: RetroReport) -> Pairs:
    for answer in report.worth.owners:
        words = _("%(stars)s of 5") % {"stars": answer.stars}
        yield _("Worth it to %(name)s") % {"name": answer.member}, words
    for move in report.facts.goals:
        yield _("The goal above") if move.is_above else _("The goal"), _goal(move)


def _goal(move: GoalMove) -> str:
    unit, currency = move.goal.kpi.unit, move.goal.kpi.workspace.currency
    ends = ["–" if end.value is None else figure(float(end.value), unit, currency) for end in (move.before, move.after)]
    words = _("%(goal)s: from %(before)s to %(after)s, target %(target)s, %(rate)s of the way")
    target = figure(float(move.goal.target), unit, currency)
    shown = {"goal": move.goal, "before": ends[0], "after": ends[1], "target": target}
    return words % {**shown, "rate": percent(move.after.rate, 0)}


def _add_stories(document: Document, report: RetroReport) -> None:
    lines = report.figures.forecasts
    if lines:
        document.heading(_("Forecast and outcome"))
        header = (_("Story"), _("Promised"), _("Came"), _("Revenue"), _("Verdict"))
        document.rows(header, [_story(line, report) for line in lines], (30, 25, 21, 12, 12))


def _story(line: RetroStory, report: RetroReport) -> tuple[str, ...]:
    promised, outcome = line.promised, line.outcome
    came = line.came or _("Not measured yet")
    if line.interval:
        came = _("%(came)s (%(low)s to %(high)s)") % {"came": came, "low": line.interval[0], "high": line.interval[1]}
    words = _("%(metric)s from %(baseline)s to %(expected)s")
    said = {"metric": promised.label, "baseline": promised.baseline, "expected": promised.expected} if promised else {}
    revenue = money(outcome.revenue, report.sprint.workspace.currency) if outcome else "–"
    verdict = str(outcome.get_verdict_display()) if outcome else "–"
    return str(line.story), words % said if said else "–", came, revenue, verdict


def _add_happened(document: Document, report: RetroReport) -> None:
    facts = report.facts
    if facts.bent:
        document.heading(_("What went otherwise than agreed"))
        rows = [(str(bent.story or "–"), bent.what, bent.how) for bent in facts.bent]
        document.rows((_("Story"), _("What"), _("How")), rows, (32, 22, 46))
    if facts.waits:
        document.heading(_("Waiting for the owner"))
        header = (_("What was asked"), _("Asked on"), _("Answer"), _("Days"))
        document.rows(header, [_wait(wait) for wait in facts.waits], (36, 26, 26, 12))
    if facts.left_out:
        document.heading(_("Who did not get the mail"))
        header = (_("Send"), _("Matched"), _("Sent"), _("Not written to, and why"))
        document.rows(header, [_send(send) for send in facts.left_out], (28, 11, 11, 50))


def _wait(wait: Wait) -> tuple[str, ...]:
    asked = date_format(wait.request.requested_at, "SHORT_DATETIME_FORMAT")
    return wait.what, asked, wait.answer, floatformat(wait.days, 1)


def _send(send: StorySend) -> tuple[str, ...]:
    why = "; ".join(
        f"{number_format(loss.count, force_grouping=True)} {loss.kind}{': ' if loss.reason else ''}{loss.reason}"
        for loss in send.losses
    )
    matched, sent = (number_format(count, force_grouping=True) for count in (send.matched, send.sent))
    return send.name, matched, sent, why


def _add_agreed(document: Document, report: RetroReport) -> None:
    if report.decisions:
        document.heading(_("What we take from it"))
        for group in report.decisions:
            document.paragraph(f"{group.name}: {group.decision}" if group.name else group.decision)
    if report.actions:
        document.heading(_("What we agreed"))
        header = (_("What"), _("Who"), _("Until"), _("Story"))
        document.rows(header, [_action(action) for action in report.actions], (50, 20, 16, 14))
    if report.earlier:
        document.heading(_("What became of earlier actions"))
        rows = [
            _settled(line.action, str(line.check.get_answer_display()), line.check.reason)
            for line in report.earlier
            if line.check
        ]
        document.rows((_("What"), _("Who"), _("Now")), rows, (50, 20, 30))
    if report.notes:
        document.heading(_("Notes the team wants you to read"))
        for note in report.notes:
            document.paragraph(note)


def _action(action: RetroAction) -> tuple[str, ...]:
    until = date_format(action.due_date, "SHORT_DATE_FORMAT") if action.due_date else "–"
    story = _("no. %(number)d") % {"number": action.story.number} if action.story else "–"
    return action.text, str(action.owner), until, story


def _settled(action: RetroAction, answer: str, reason: str) -> tuple[str, ...]:
    return action.text, str(action.owner), f"{answer}: {reason}" if reason else answer
