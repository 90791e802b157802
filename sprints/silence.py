"""What no answer means, and when an owner may be reminded: as the owner chose, by the owner's clock."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sprints.models import ApprovalPolicy, ApprovalRequest, OwnerRules
from workspaces.models import Member

SATURDAY = 5


def rules_of(member: Member) -> OwnerRules:
    """The owner's rules; the default ones, unsaved, where none were chosen: silence is a no."""
    return OwnerRules.objects.filter(member=member).first() or OwnerRules(
        member=member, quiet_from=time(20), quiet_until=time(8)
    )


def silence_ends(request: ApprovalRequest, policy: ApprovalPolicy, now: datetime) -> datetime | None:
    """When no answer becomes a yes; None: never.

    Only where the owner chose so before, for a plan or mail that costs no more than he or she said, and never where a
    yes would need the mailed code.
    """
    rules = rules_of(request.approver)
    if not rules.silence_is_yes or request.is_strategy or request.approver_id == request.requested_by_id:
        return None
    if request.cost > rules.silence_below or (policy.code_above is not None and request.cost > policy.code_above):
        return None
    return now + timedelta(days=rules.silence_days)


def is_quiet(rules: OwnerRules, local: datetime) -> bool:
    """Whether the owner wants no reminder at this moment of his or her own clock."""
    if rules.quiet_weekends and local.weekday() >= SATURDAY:
        return True
    start, end, at = rules.quiet_from, rules.quiet_until, local.time()
    return start <= at < end if start <= end else at >= start or at < end


def next_moment(member: Member, now: datetime) -> datetime:
    """`now`, or the first full quarter of an hour after it at which the owner may be reminded."""
    rules, zone = rules_of(member), ZoneInfo(member.user.time_zone)
    moment = now
    while is_quiet(rules, moment.astimezone(zone)) and moment - now < timedelta(days=4):  # a weekend with its nights
        moment = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)
    return moment
