"""The way of a campaign from the brief to the report, as the bar above its pages shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from campaigns.preflight import Group, tally

Key = Literal["brief", "content", "checks", "schedule", "report"]
ROUTES: dict[Key, str] = {
    "brief": "campaigns:campaign_detail",
    "content": "campaigns:campaign_content",
    "checks": "campaigns:campaign_checks",
    "schedule": "campaigns:campaign_schedule",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One stop on the way. Without a route there is nothing to open yet."""

    key: Key
    label: str
    note: str
    is_done: bool
    route: str = ""


def steps_of(campaign: Campaign, groups: Sequence[Group] | None = None) -> list[Step]:
    """The five steps; `groups` are the preflight findings where the page has them."""
    return [
        _step("brief", _("Brief"), campaign.segment.name, is_done=True),
        _step("content", _("Content"), _content_note(campaign), is_done=campaign.content_id is not None),
        _step("checks", _("Checks"), _checks_note(campaign, groups), is_done=_checks_pass(campaign, groups)),
        _step("schedule", _("Schedule"), _schedule_note(campaign), is_done=_is_set(campaign)),
        _step("report", _("Report"), _report_note(campaign), is_done=campaign.finished_at is not None),
    ]


def _step(key: Key, label: str, note: str, *, is_done: bool) -> Step:
    return Step(key, label, note, is_done, ROUTES.get(key, ""))


def _content_note(campaign: Campaign) -> str:
    if campaign.content is None:
        return _("Not written yet")
    return _("Version %(number)d") % {"number": campaign.content.number}


def _checks_note(campaign: Campaign, groups: Sequence[Group] | None) -> str:
    if campaign.is_launched:
        return _("Passed")
    if groups is None:
        return _("Before it goes out")
    found = tally(groups)
    if found.stops:
        return ngettext("%(count)d to fix", "%(count)d to fix", found.stops) % {"count": found.stops}
    if found.warnings:
        return ngettext("%(count)d to look at", "%(count)d to look at", found.warnings) % {"count": found.warnings}
    return _("All pass")


def _checks_pass(campaign: Campaign, groups: Sequence[Group] | None) -> bool:
    return campaign.is_launched or (groups is not None and not tally(groups).stops)


def _schedule_note(campaign: Campaign) -> str:
    at = campaign.launched_at or campaign.scheduled_at
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT") if at and _is_set(campaign) else _("No time yet")


def _is_set(campaign: Campaign) -> bool:
    return campaign.launched_at is not None or (campaign.scheduled_at is not None and not campaign.is_editable)


def _report_note(campaign: Campaign) -> str:
    return _("What it brought") if campaign.is_launched else _("After the send")
