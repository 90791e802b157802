"""Verbs on the pace: limit, warm up, and move the speed of a send under way."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from delivery.models import INSTALLATION, LimitScope, Run, SpeedLimit, WarmUp
from delivery.pace.groups import LABELS
from delivery.pace.servers import mail_servers
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

FASTEST = 10_000_000
"""Messages a minute, and a day. More than any server takes; what is larger is a slip of the hand."""
STEEPEST = 300
"""Percent a day. A warm-up that grows faster warms nothing up."""
LARGEST_DAY = 1_000_000_000


class SpeedRefused(DomainError):
    """The limit makes no sense, or there is nothing to limit."""

    code = "speed_refused"


@transaction.atomic
def set_speed_limit(*, run: Run, per_minute: int | None, by: Member, now: datetime) -> None:
    """Let a run send at most so many messages a minute, None: as many as all other limits allow.

    Workers obey within two seconds. Setting what is set changes nothing. Raises `SpeedRefused` once the run has ended.
    """
    _check_number("per_minute", per_minute, FASTEST)
    run = Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run.pk)
    if run.has_ended:
        raise SpeedRefused(_("The campaign has ended, so there is no speed to set."))
    if run.speed_limit == per_minute:
        return
    before, run.speed_limit = run.speed_limit, per_minute
    run.save(update_fields=["speed_limit"])
    record("campaign.speed_set", run.campaign, by=by, now=now, per_minute=per_minute, before=before)


@transaction.atomic
def set_limit(
    *, workspace: Workspace, about: tuple[str, int, str], by: Member, now: datetime, **numbers: int | None
) -> SpeedLimit | None:
    """Limit what `about` (scope, id of the mail server, group) names to `per_minute`, `per_day`, or both.

    With neither, the limit is taken away. Saying what holds already changes nothing. Returns the limit that holds now.
    Raises `SpeedRefused` for something that does not exist, and for numbers that make no sense.
    """
    per_minute, per_day = numbers.get("per_minute"), numbers.get("per_day")
    scope, transport_id, group = _about(workspace, about)
    _check_number("per_minute", per_minute, FASTEST)
    _check_number("per_day", per_day, LARGEST_DAY)
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # two at once must not both find nothing
    limits = SpeedLimit.objects.for_workspace(workspace)
    limit = limits.about(scope, transport_id, group).first()
    if limit and (limit.per_minute, limit.per_day) == (per_minute, per_day):
        return limit
    if per_minute is None and per_day is None:
        _lift(limit, by, now)
        return None
    limit = limit or SpeedLimit(workspace=workspace, scope=scope, transport_id=transport_id, group=group)
    limit.per_minute, limit.per_day = per_minute, per_day
    limit.save()
    record("speed_limit.set", limit, by=by, now=now, per_minute=per_minute, per_day=per_day)
    return limit


@transaction.atomic
def set_limits(
    *, workspace: Workspace, limits: Mapping[tuple[str, int, str], Mapping[str, int | None]], by: Member, now: datetime
) -> None:
    """Set many limits, or none of them; those that hold already stay as they are. Raises `SpeedRefused`."""
    for about, numbers in limits.items():
        set_limit(workspace=workspace, about=about, by=by, now=now, **numbers)


def _lift(limit: SpeedLimit | None, by: Member, now: datetime) -> None:
    if limit:
        record("speed_limit.lifted", limit, by=by, now=now)
        limit.delete()


def _about(workspace: Workspace, about: tuple[str, int, str]) -> tuple[str, int, str]:
    scope, transport_id, group = about
    if scope == LimitScope.SERVER:
        _check_server(workspace, transport_id)
        return scope, transport_id, ""
    if scope == LimitScope.GROUP:
        if group not in LABELS:
            raise SpeedRefused(_("There is no such mailbox provider."), fields={"group": [_("No such provider.")]})
        return scope, INSTALLATION, group
    return LimitScope.WORKSPACE, INSTALLATION, ""


@transaction.atomic
def start_warm_up(
    *, workspace: Workspace, transport_id: int, schedule: dict[str, int], start_date: date, by: Member, now: datetime
) -> WarmUp:
    """Give a mail server a little more each day; one that is warming up already goes on by the new schedule.

    `schedule`: `first_day_count`, `growth_percent`, `target_count`. Raises `SpeedRefused` if it would never end, or has
    no day from today on.
    """
    _check_server(workspace, transport_id)
    planned = WarmUp(workspace=workspace, transport_id=transport_id, start_date=start_date, **schedule)
    _check_schedule(planned, now.astimezone(workspace.zone).date())
    found = WarmUp.objects.select_for_update().for_workspace(workspace).filter(transport_id=transport_id).first()
    planned.pk = found.pk if found else None
    planned.save()
    record("warm_up.set", planned, by=by, now=now, transport=transport_id, start=str(start_date), **schedule)
    return planned


@transaction.atomic
def end_warm_up(*, warm_up: WarmUp, by: Member, now: datetime) -> None:
    """Let a mail server have everything from now on."""
    record("warm_up.ended", warm_up, by=by, now=now, transport=warm_up.transport_id)
    warm_up.delete()


def _check_schedule(planned: WarmUp, today: date) -> None:
    if not 1 <= planned.growth_percent <= STEEPEST:
        words = _("Between 1 and %(most)d percent a day.") % {"most": STEEPEST}
        raise SpeedRefused(words, fields={"growth_percent": [words]})
    _check_number("first_day_count", planned.first_day_count, LARGEST_DAY)
    _check_number("target_count", planned.target_count, LARGEST_DAY)
    if planned.target_count <= planned.first_day_count:
        words = _("This must be more than on the first day, else there is nothing to warm up.")
        raise SpeedRefused(words, fields={"target_count": [words]})
    if planned.last_day < today:
        words = _("A schedule that began then would be over by now.")
        raise SpeedRefused(words, fields={"start_date": [words]})


def _check_number(name: str, number: int | None, most: int) -> None:
    if number is not None and not 1 <= number <= most:
        words = _("A number from 1 to %(most)s.") % {"most": number_format(most)}
        raise SpeedRefused(words, fields={name: [words]})


def _check_server(workspace: Workspace, transport_id: int) -> None:
    if transport_id not in {server.id for server in mail_servers(workspace)}:
        raise SpeedRefused(_("There is no such mail server."), fields={"transport_id": [_("No such mail server.")]})
