"""The measures KPIs can be read from, and the metrics hypotheses can be about."""

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from delivery.models import HitKind, Run
from emailops.lib.statistics import Estimate, wilson_interval
from insights import facts
from sprints.metrics import StoryMetric
from sprints.models import Story
from strategy.measures import Measure, Span
from strategy.models import Direction, Unit
from workspaces.models import Workspace


def runs_of(story: Story) -> list[Run]:
    """The runs of the campaigns made for a story."""
    return list(Run.objects.filter(campaign__story=story).order_by("pk"))


def _rate_of(kind: HitKind) -> Callable[[Workspace, Span], Estimate | None]:
    def take(workspace: Workspace, span: Span) -> Estimate | None:
        return facts.reaction_rate(facts.sent_in(workspace, span), kind, span.end)

    return take


def _exactly(count: Callable[[Workspace, Span], float]) -> Callable[[Workspace, Span], Estimate | None]:
    """A count of everything there is has no sampling doubt: its interval is the figure itself."""

    def take(workspace: Workspace, span: Span) -> Estimate | None:
        value = float(count(workspace, span))
        return Estimate(value, value, value, int(value))

    return take


def _repeat_rate(workspace: Workspace, span: Span) -> Estimate | None:
    again, buyers = facts.repeat_buyers(workspace, span)
    return wilson_interval(again, buyers) if buyers else None


MEASURES = (
    Measure(
        "mail.click_rate",
        _("Click rate"),
        _("People who clicked, of the mails sent"),
        Unit.RATE,
        _rate_of(HitKind.CLICK),
    ),
    Measure(
        "mail.open_rate", _("Open rate"), _("People who opened, of the mails sent"), Unit.RATE, _rate_of(HitKind.OPEN)
    ),
    Measure(
        "mail.unsubscribe_rate",
        _("Unsubscribe rate"),
        _("People who unsubscribed, of the mails sent"),
        Unit.RATE,
        _rate_of(HitKind.UNSUBSCRIBE),
    ),
    Measure(
        "orders.mail_revenue",
        _("Revenue from mail"),
        _("Orders within five days of a click in a mail"),
        Unit.MONEY,
        _exactly(lambda workspace, span: float(facts.mail_revenue(workspace, span))),
    ),
    Measure(
        "orders.revenue",
        _("All revenue"),
        _("All orders"),
        Unit.MONEY,
        _exactly(lambda workspace, span: float(facts.revenue(workspace, span))),
    ),
    Measure(
        "orders.repeat_rate",
        _("Repeat buyers"),
        _("Of those who ordered, the share that ordered more than once"),
        Unit.RATE,
        _repeat_rate,
    ),
    Measure(
        "audience.engaged",
        _("Engaged readers"),
        _("People who opened or clicked"),
        Unit.COUNT,
        _exactly(facts.engaged_readers),
    ),
    Measure(
        "audience.consents",
        _("New consents"),
        _("People who agreed to mail"),
        Unit.COUNT,
        _exactly(facts.consents_given),
    ),
)


def _story_rate(kind: HitKind) -> Callable[[Story, datetime], Estimate | None]:
    def take(story: Story, now: datetime) -> Estimate | None:
        return facts.reaction_rate(facts.sent_by(runs_of(story)), kind, now)

    return take


def _story_order_rate(story: Story, now: datetime) -> Estimate | None:
    runs = runs_of(story)
    sent = facts.sent_by(runs).count()
    if not sent:
        return None
    return wilson_interval(min(facts.credited_to(story.workspace, runs, now).buyers, sent), sent)


def _story_revenue(story: Story, now: datetime) -> Estimate | None:
    runs = runs_of(story)
    sent = facts.sent_by(runs).count()
    return facts.revenue_estimate(facts.credited_to(story.workspace, runs, now), sent) if sent else None


METRICS = (
    StoryMetric("click_rate", _("Click rate"), Unit.RATE, Direction.UP, _story_rate(HitKind.CLICK)),
    StoryMetric("open_rate", _("Open rate"), Unit.RATE, Direction.UP, _story_rate(HitKind.OPEN)),
    StoryMetric("order_rate", _("Order rate"), Unit.RATE, Direction.UP, _story_order_rate),
    StoryMetric("revenue", _("Revenue"), Unit.MONEY, Direction.UP, _story_revenue),
    StoryMetric("unsubscribe_rate", _("Unsubscribe rate"), Unit.RATE, Direction.DOWN, _story_rate(HitKind.UNSUBSCRIBE)),
)
