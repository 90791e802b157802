"""A campaign's results in one object: what was promised, what came, and how it spread over time."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from delivery.models import Hit, HitKind, Nature, Run
from delivery.queries import LinkLine, RunCounts, links_followed, run_counts
from emailops.lib.statistics import Estimate, wilson_interval
from insights import facts
from sprints.models import SendBrief
from workspaces.charts import Chart, Series
from workspaces.templatetags.ui import percent

CHART_HOURS = 72


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step from inbox to order."""

    label: str
    value: int
    note: str


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """What a report page shows."""

    campaign: Campaign
    run: Run
    counts: RunCounts
    opened: int
    clicked: int
    unsubscribed: int
    machine_opens: int
    credited: facts.Credited
    click_rate: Estimate
    links: list[LinkLine]
    domains: list[facts.DomainLine]
    brief: SendBrief | None
    chart: Chart

    @property
    def funnel(self) -> list[FunnelStep]:
        steps = [
            (_("Sent"), self.counts.sent, self.counts.matched),
            (_("Opened"), self.opened, self.counts.sent),
            (_("Clicked"), self.clicked, self.counts.sent),
            (_("Ordered"), self.credited.buyers, self.clicked),
        ]
        of = [_("of those who matched"), _("of sent"), _("of sent"), _("of those who clicked")]
        return [
            FunnelStep(label, value, f"{percent(value / whole if whole else None)} {words}")
            for (label, value, whole), words in zip(steps, of, strict=True)
        ]

    @property
    def funnel_values(self) -> list[int]:
        return [step.value for step in self.funnel]

    @property
    def scale_end(self) -> float:
        """The right end of the scale on which revenue is drawn beside its forecast."""
        high = float(self.brief.expected_high) if self.brief else 0.0
        return max(high, float(self.credited.revenue), 1.0) * 1.2

    @property
    def against_forecast(self) -> str:
        """Where the revenue came out: inside, above or below what the brief promised."""
        if self.brief is None or not self.brief.expected_high:
            return ""
        if self.credited.revenue > self.brief.expected_high:
            return "above"
        return "below" if self.credited.revenue < self.brief.expected_low else "inside"


def campaign_report(campaign: Campaign, run: Run, now: datetime) -> CampaignReport:
    """Count a campaign's results from the facts."""
    sent = facts.sent_by([run])
    opened, _total = facts.reacted(sent, HitKind.OPEN, now)
    clicked, total = facts.reacted(sent, HitKind.CLICK, now)
    unsubscribed, _total = facts.reacted(sent, HitKind.UNSUBSCRIBE, now)
    machine = Hit.objects.filter(run=run, kind=HitKind.OPEN, nature=Nature.MACHINE)
    return CampaignReport(
        campaign=campaign,
        run=run,
        counts=run_counts(run),
        opened=opened,
        clicked=clicked,
        unsubscribed=unsubscribed,
        machine_opens=machine.count(),
        credited=facts.credited_to(campaign.workspace, [run], now),
        click_rate=wilson_interval(clicked, total),
        links=list(links_followed(run)),
        domains=facts.domains_of(run),
        brief=getattr(campaign.story, "brief", None),
        chart=reaction_chart(run),
    )


def reaction_chart(run: Run) -> Chart:
    """Human opens and clicks by hour, over the first three days."""
    counted: dict[str, Counter[int]] = {HitKind.OPEN: Counter(), HitKind.CLICK: Counter()}
    end = run.started_at + timedelta(hours=CHART_HOURS)
    hits = Hit.objects.filter(run=run, kind__in=counted, at__gte=run.started_at, at__lt=end).human()
    for kind, at in hits.values_list("kind", "at"):
        counted[kind][int((at - run.started_at).total_seconds() // 3600)] += 1
    hours = range(max([1, *(max(hours, default=0) for hours in counted.values())]) + 1)
    zone = run.workspace.zone
    moments = [(run.started_at + timedelta(hours=hour)).astimezone(zone) for hour in hours]
    return Chart(
        label=_("Opens and clicks by hour; %(opens)s opens and %(clicks)s clicks in three days")
        % {
            "opens": number_format(counted[HitKind.OPEN].total()),
            "clicks": number_format(counted[HitKind.CLICK].total()),
        },
        labels=[date_format(moment, "D H:i") for moment in moments],
        series=[
            Series(_("Opens"), "accent", [float(counted[HitKind.OPEN][hour]) for hour in hours], has_area=True),
            Series(_("Clicks"), "warn", [float(counted[HitKind.CLICK][hour]) for hour in hours]),
        ],
    )
