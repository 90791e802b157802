"""What limits mean for people: how long a mailing takes, what is used up today, when it goes on."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from math import ceil, floor

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.models import INSTALLATION, LimitScope, SpeedLimit, WarmUp
from delivery.pace.buckets import Quota
from delivery.pace.days import Day, day_of
from delivery.pace.groups import LABELS
from delivery.pace.limits import Limits, limits_in_force, volumes_on
from delivery.pace.queues import Queue
from delivery.pace.servers import MailServer, mail_servers
from workspaces.models import Workspace

EXAMPLE = 100_000
"""Mails of the mailing that the page reckons with."""
STANDARD = {"first_day_count": 500, "growth_percent": 40, "target_count": 100_000}
"""The warm-up we offer: sixteen days. The growth is that of Twilio SendGrid's automated warm-up (20 an hour, then 28,
39, 55, 77 …), the start about its first day."""


@dataclass(frozen=True, slots=True)
class ServerOutlook:
    """A mail server today: its limit a minute (0: none), how many it was given, and how its warm-up stands."""

    server: MailServer
    per_minute: int
    drawn: int
    warm_up: WarmUp | None
    volume: int | None

    @property
    def drawn_rate(self) -> float:
        """The share of today's volume that is used up."""
        return self.drawn / self.volume if self.volume else 0.0


@dataclass(frozen=True)
class Outlook:
    """The pace of a workspace at one moment. Four queries."""

    workspace: Workspace
    now: datetime

    @cached_property
    def day(self) -> Day:
        return day_of(self.now, self.workspace.zone)

    @cached_property
    def limits(self) -> dict[tuple[str, int, str], SpeedLimit]:
        """Each limit by what it is about: scope, mail server, group."""
        rows = SpeedLimit.objects.for_workspace(self.workspace)
        return {(row.scope, row.transport_id, row.group): row for row in rows}

    @cached_property
    def warm_ups(self) -> dict[int, WarmUp]:
        """Each warm-up by its mail server."""
        return {row.transport_id: row for row in WarmUp.objects.for_workspace(self.workspace)}

    @property
    def has_volumes(self) -> bool:
        """Whether anything limits what goes out in a day. Two queries."""
        return bool(self.warm_ups) or any(limit.per_day for limit in self.limits.values())

    @cached_property
    def servers(self) -> list[ServerOutlook]:
        return [self._server(each, self.warm_ups.get(each.id)) for each in mail_servers(self.workspace)]

    @cached_property
    def _drawn(self) -> dict[tuple[int, str], int]:
        return volumes_on(self.workspace, self.day)

    @property
    def _in_use(self) -> list[ServerOutlook]:
        """Those that carry mail; while all are switched off, all of them."""
        return [each for each in self.servers if each.server.is_in_use] or self.servers

    def _server(self, server: MailServer, warm_up: WarmUp | None) -> ServerOutlook:
        return ServerOutlook(
            server,
            self._per_minute_of(server),
            sum(count for (transport, _group), count in self._drawn.items() if transport == server.id),
            warm_up,
            warm_up.volume_on(self.day.date) if warm_up else None,
        )

    def _per_minute_of(self, server: MailServer) -> int:
        limit = self.limits.get((LimitScope.SERVER, server.id, ""))
        said = limit.per_minute if limit and limit.per_minute else 0
        usual: int = settings.MAIL_PER_MINUTE
        if server.id == INSTALLATION:
            return lowest(said, usual)
        return said or usual

    @property
    def per_minute(self) -> int:
        """The most that goes out each minute, 0: no limit."""
        whole = self.limits.get((LimitScope.WORKSPACE, INSTALLATION, ""))
        rates = [each.per_minute for each in self._in_use]
        together = sum(rates) if all(rates) else 0
        return lowest(whole.per_minute if whole and whole.per_minute else 0, together)

    @property
    def per_day(self) -> int:
        """The most that goes out today, 0: no limit."""
        return self.volume_on(self.day.date)

    def volume_on(self, day: date) -> int:
        """The most that goes out on a day, 0: no limit."""
        whole = self.limits.get((LimitScope.WORKSPACE, INSTALLATION, ""))
        volumes = [self._volume_of(each, day) for each in self._in_use]
        return lowest(whole.per_day if whole and whole.per_day else 0, sum(volumes) if all(volumes) else 0)

    def _volume_of(self, of: ServerOutlook, day: date) -> int:
        limit = self.limits.get((LimitScope.SERVER, of.server.id, ""))
        warm_up = of.warm_up.volume_on(day) if of.warm_up else None
        return lowest(limit.per_day if limit and limit.per_day else 0, warm_up or 0)

    def days_for(self, count: int) -> int:
        """On how many days, from today on, so many messages go out; a warm-up gives more each day."""
        warm_ups = [each.warm_up.last_day for each in self.servers if each.warm_up]
        day, days = self.day.date, 1
        while (volume := self.volume_on(day)) and volume < count:
            if day > max(warm_ups, default=day):
                return days - 1 + ceil(count / volume)  # every day is like this one from now on
            count, day, days = count - volume, day + timedelta(days=1), days + 1
        return days

    def days_left_for(self, count: int) -> int:
        """On how many days so many more messages go out, with what was given today already."""
        if not self.has_volumes:
            return 1
        return self.days_for(count + min(sum(self._drawn.values()), self.per_day))

    def span_for(self, count: int, per_minute: int, days: int) -> timedelta:
        """How long so many messages take at most so fast, 0: no limit, on so many days."""
        return max(time_for(count, per_minute), timedelta(days=days) if days > 1 else timedelta())

    @property
    def words(self) -> str:
        """What that means for a mailing to a hundred thousand people."""
        if not self.per_minute and not self.per_day:
            return _("Nothing limits the speed: mail goes out as fast as the mail server takes it.")
        span = self.span_for(EXAMPLE, self.per_minute, self.days_for(EXAMPLE))
        given = {"count": number_format(EXAMPLE), "span": said(span)}
        return _("At this speed %(count)s mails take %(span)s.") % given


def lowest(*limits: int) -> int:
    """The lowest of some limits, of which 0 means none."""
    return min((limit for limit in limits if limit), default=0)


def time_for(count: int, per_minute: int) -> timedelta:
    """How long so many messages take at most so fast; 0 means no limit."""
    return timedelta(minutes=count / per_minute) if per_minute else timedelta()


def said(span: timedelta) -> str:
    """A span as two units at most: 45 s, 12 min, 1 h 40 min, 3 days."""
    seconds = ceil(span.total_seconds())
    if seconds < 60:
        return _("%(count)d s") % {"count": max(seconds, 1)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(count)d min") % {"count": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        part = _("%(hours)d h") % {"hours": hours}
        return f"{part} {_('%(count)d min') % {'count': minutes}}" if minutes else part
    days = ceil(hours / 24)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": number_format(days)}


def used_up(workspace: Workspace, now: datetime) -> list[str]:
    """Sentences about the volumes of today that are used up, for a run that waits for tomorrow.

    Three queries a server.
    """
    sentences: dict[str, None] = {}
    for server in mail_servers(workspace):
        limits = _today(workspace, server, now)
        sentences |= dict.fromkeys(
            _("Today’s limit of %(count)s mails is reached. The rest goes out from midnight on.") % {"count": count}
            for count in _reached(limits.common)
        )
        for group, buckets in limits.of_group.items():
            given = {"group": LABELS[group]}
            sentences |= dict.fromkeys(
                _("Today’s limit of %(count)s mails to %(group)s is reached. The rest goes out from midnight on.")
                % {"count": count, **given}
                for count in _reached(buckets)
            )
    return list(sentences)


def waits_for_tomorrow(workspace: Workspace, groups: Collection[str], now: datetime) -> bool:
    """Whether nobody of these groups can be written to today, as limits are used up at every server in use.

    Three queries a server.
    """
    servers = [server for server in mail_servers(workspace) if server.is_in_use]
    return bool(servers) and all(_is_used_up(_today(workspace, server, now), groups) for server in servers)


def _is_used_up(limits: Limits, groups: Collection[str]) -> bool:
    if _reached(limits.common):
        return True
    return bool(groups) and all(_reached(limits.of_group.get(group, ())) for group in groups)


def _today(workspace: Workspace, server: MailServer, now: datetime) -> Limits:
    return limits_in_force(workspace, server.id, now, queue=Queue.BULK)


def _reached(buckets: Iterable[object]) -> list[str]:
    quotas = (bucket for bucket in buckets if isinstance(bucket, Quota))
    return [
        number_format(quota.limit) for quota in quotas if quota.drawn >= quota.limit - floor(quota.share * quota.limit)
    ]
