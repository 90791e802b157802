"""A campaign's results in one object: what was promised, what came, and how it spread over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Literal

from django.db.models import Count
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from delivery.models import Hit, HitKind, Run
from delivery.queries import LinkLine, RunCounts, links_followed, run_counts
from emailops.lib.statistics import Estimate, wilson_interval
from insights import facts
from insights.outcomes import Measured, measured
from sprints.models import SendBrief
from workspaces.charts import Chart, Series
from workspaces.templatetags.ui import percent

CHART_HOURS = 72
MOST_LINKS = 12
WATCHED_FROM = 0.02  # share of a domain's messages that failed, from which it is worth a look
Landing = Literal["above", "inside", "below", "open"]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step from the segment to the order."""

    label: str
    value: int
    note: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the brief promised, and where the revenue came out; `open` while too little may still become enough."""

    low: Decimal
    high: Decimal
    revenue: Decimal
    is_final: bool

    @property
    def landing(self) -> Landing:
        if self.revenue > self.high:
            return "above"
        if self.revenue >= self.low:
            return "inside"
        return "below" if self.is_final else "open"

    @property
    def tone(self) -> str:
        return {"above": "ok", "inside": "accent", "below": "bad", "open": "accent"}[self.landing]

    @property
    def scale_end(self) -> float:
        """The right end of a scale that holds promise and outcome with some air."""
        return max(float(self.high), float(self.revenue), 1.0) * 1.2


def forecast_of(run: Run, revenue: Decimal, now: datetime) -> Forecast | None:
    """None where nothing was promised. The run needs its campaign with story and brief at hand."""
    brief: SendBrief | None = getattr(run.campaign.story, "brief", None)
    if brief is None or not brief.expected_high:
        return None
    is_final = run.finished_at is not None and now - run.finished_at > facts.CREDIT
    return Forecast(brief.expected_low, brief.expected_high, revenue, is_final)


@dataclass(frozen=True, slots=True)
class DomainShare:
    """How one recipient domain took a send."""

    domain: str
    sent: int
    failed: int
    clicked: int
    failed_rate: float
    click_rate: float | None

    @property
    def is_watched(self) -> bool:
        return self.failed_rate >= WATCHED_FROM


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """What a report shows. Opens, clicks and orders are those of people; `reactions` also holds the machines'."""

    campaign: Campaign
    run: Run
    now: datetime
    counts: RunCounts
    reactions: facts.Reactions
    credited: facts.Credited
    links: list[LinkLine]
    domains: list[DomainShare]
    chart: Chart
    promise: Measured | None

    @property
    def opened(self) -> int:
        return self.reactions.people(HitKind.OPEN)

    @property
    def clicked(self) -> int:
        return self.reactions.people(HitKind.CLICK)

    @property
    def unsubscribed(self) -> int:
        return self.reactions.people(HitKind.UNSUBSCRIBE)

    @property
    def clicks(self) -> int:
        return sum(line.clicks for line in self.links)

    @property
    def machine_opens(self) -> int:
        return self.reactions.by_machines(HitKind.OPEN)

    @property
    def machine_clicks(self) -> int:
        return self.reactions.by_machines(HitKind.CLICK)

    @property
    def click_rate(self) -> Estimate:
        return wilson_interval(self.clicked, self.counts.sent)

    @property
    def forecast(self) -> Forecast | None:
        return forecast_of(self.run, self.credited.revenue, self.now)

    @property
    def revenue(self) -> Estimate:
        return facts.revenue_estimate(self.credited, self.counts.sent)

    @property
    def revenue_range(self) -> tuple[float, float] | None:
        """The interval of the revenue, as far as revenue can go down; None where it has no end."""
        revenue = self.revenue
        return (max(revenue.low, 0.0), revenue.high) if isfinite(revenue.high) else None

    @property
    def revenue_per_mail(self) -> Decimal | None:
        return self.credited.revenue / self.counts.sent if self.counts.sent else None

    @property
    def revenue_per_order(self) -> Decimal | None:
        return self.credited.revenue / self.credited.orders if self.credited.orders else None

    @property
    def age_days(self) -> int:
        """Whole days since the send began."""
        return (self.now - self.run.started_at).days

    @property
    def unsubscribed_rate(self) -> float | None:
        return self.unsubscribed / self.counts.sent if self.counts.sent else None

    @property
    def failed_rate(self) -> float | None:
        return self.counts.failed / self.counts.to_send if self.counts.to_send else None

    @property
    def funnel(self) -> list[FunnelStep]:
        steps = [
            (_("In the segment"), self.counts.matched, 0, _("people")),
            (_("Sent"), self.counts.sent, self.counts.matched, _("of those in the segment")),
            (_("Opened"), self.opened, self.counts.sent, _("of sent")),
            (_("Clicked"), self.clicked, self.counts.sent, _("of sent")),
            (_("Ordered"), self.credited.buyers, self.clicked, _("of those who clicked")),
        ]
        return [
            FunnelStep(label, value, f"{percent(value / whole)} {words}" if whole else words)
            for label, value, whole, words in steps
        ]

    @property
    def funnel_values(self) -> list[int]:
        return [step.value for step in self.funnel]

    @property
    def shown_links(self) -> list[tuple[LinkLine, float]]:
        """The links followed most, each with its share of all clicks."""
        return [(line, line.clicks / self.clicks) for line in self.links[:MOST_LINKS]]

    @property
    def more_links(self) -> int:
        return max(len(self.links) - MOST_LINKS, 0)

    @property
    def most_clicks(self) -> int:
        return max((line.clicks for line in self.links[:MOST_LINKS]), default=0)


def campaign_report(campaign: Campaign, run: Run, now: datetime) -> CampaignReport:
    """Count a campaign's results from the facts. The campaign needs `with_parts`. About a dozen queries."""
    reactions = facts.reactions_to(run, now)  # before the ledger: a message that arrives in between has no reaction yet
    return CampaignReport(
        campaign=campaign,
        run=run,
        now=now,
        counts=run_counts(run, now),
        reactions=reactions,
        credited=facts.credited_to(campaign.workspace, [run], now),
        links=list(links_followed(run)),
        domains=[_share(line) for line in facts.domains_of(run)],
        chart=reaction_chart(run),
        promise=measured(campaign.story, now),
    )


def _share(line: facts.DomainLine) -> DomainShare:
    sent, clicked = line["sent"], line["clicks"]
    rate = clicked / sent if sent else None
    return DomainShare(line["domain"], sent, line["failed"], clicked, line["failed"] / line["total"], rate)


def reaction_chart(run: Run) -> Chart:
    """Human opens and clicks by hour, over the first three days."""
    opens, clicks = (_by_hour(run, kind) for kind in (HitKind.OPEN, HitKind.CLICK))
    hours = range(max([1, *opens, *clicks]) + 1)
    zone = run.workspace.zone
    moments = [(run.started_at + timedelta(hours=hour)).astimezone(zone) for hour in hours]
    return Chart(
        label=_("Opens and clicks by hour; %(opens)s opens and %(clicks)s clicks in three days")
        % {"opens": number_format(sum(opens.values())), "clicks": number_format(sum(clicks.values()))},
        labels=[date_format(moment, "D H:i") for moment in moments],
        series=[_line(_("Opens"), opens, hours), Series(_("Clicks"), "warn", _values(clicks, hours))],
    )


def _line(name: str, by_hour: dict[int, int], hours: Sequence[int]) -> Series:
    return Series(name, "accent", _values(by_hour, hours), has_area=True)


def _values(by_hour: dict[int, int], hours: Sequence[int]) -> list[float]:
    return [float(by_hour.get(hour, 0)) for hour in hours]


def _by_hour(run: Run, kind: HitKind) -> dict[int, int]:
    """Human reactions by the number of the hour since the start."""
    end = run.started_at + timedelta(hours=CHART_HOURS)
    hits = Hit.objects.human().filter(run=run, kind=kind, at__gte=run.started_at, at__lt=end)
    hour = facts.step_of("at", timedelta(hours=1), run.started_at)
    rows = hits.annotate(hour=hour).values_list("hour").annotate(Count("pk")).order_by()
    return {int((at - run.started_at) / timedelta(hours=1)): number for at, number in rows}
