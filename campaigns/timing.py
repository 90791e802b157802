"""When a campaign goes out, or would."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.models import Campaign
from sprints.standing import approved_brief

GOOD_HOUR = time(10)  # people have cleared the night's mail and look at the rest
LATEST_HOUR = 20


def planned_at(campaign: Campaign, now: datetime) -> datetime:
    """The moment the campaign is set for; while none is, or it was missed, the one to propose."""
    at = campaign.scheduled_at
    if at is not None and not (campaign.is_editable and at < now):
        return at
    return proposed_time(campaign, now)


def proposed_time(campaign: Campaign, now: datetime) -> datetime:
    """The first good moment in the window; when that is over, the next full hour."""
    zone = campaign.workspace.zone
    window = send_window(campaign)
    return (first_moment(*window, zone, now) if window else None) or _next_hour(now.astimezone(zone))


def send_window(campaign: Campaign) -> tuple[date, date] | None:
    """The first and the last day the owner approved; before that, those the story's brief names."""
    approved, brief = approved_brief(campaign.story), getattr(campaign.story, "brief", None)
    if approved is not None:
        first, last = (date.fromisoformat(day) for day in approved["window"])
        return first, last
    return (brief.window_start, brief.window_end) if brief else None


def first_moment(first: date, last: date, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Ten o'clock on the first of these days that still has one; on a day half gone its next full hour.

    None when the last day is over, or nearly.
    """
    local = now.astimezone(zone)
    if local.date() < first:
        return datetime.combine(first, GOOD_HOUR, zone)
    today = max(datetime.combine(local.date(), GOOD_HOUR, zone), _next_hour(local))
    tomorrow = local.date() + timedelta(days=1)
    if today.date() >= tomorrow or today.hour > LATEST_HOUR:
        return datetime.combine(tomorrow, GOOD_HOUR, zone) if tomorrow <= last else None
    return today if today.date() <= last else None


def _next_hour(local: datetime) -> datetime:
    return (local + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
