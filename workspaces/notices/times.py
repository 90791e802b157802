"""When a notice is mailed: at once, or with the next daily digest, in the time zone of the person."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from workspaces.models import DigestPace, NoticeSettings, User
from workspaces.models.notices import MORNING


def mail_time(wish: NoticeSettings | None, user: User, kind: str, now: datetime) -> datetime | None:
    """When a notice of this kind is mailed to somebody with these wishes (None: the usual ones); None is never."""
    if wish is not None and wish.digest == DigestPace.NEVER:
        return None
    if wish is not None and kind in wish.at_once:
        return now
    return next_digest(wish.hour if wish else MORNING, ZoneInfo(user.time_zone), now)


def next_digest(hour: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The next time it is this hour on the clock of a person; an hour that summer time skips is the one after."""
    today = now.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=n), time(hour), tzinfo=zone) for n in range(3))
    return next(moment for moment in days if moment > now)
