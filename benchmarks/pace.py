"""How much it costs to ask how many messages may go: all buckets in one call, against one call a bucket."""

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.ground import measured, new_member, run

ROUNDS = 5  # taken in turns, so that whatever else the machine does hits both alike; the middle one counts


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Microseconds a call for `groups` groups, each with limits on everything, the server, a day and itself."""
    from delivery.models import LimitScope
    from delivery.pace.buckets import Ask, client, grant
    from delivery.pace.groups import GROUPS
    from delivery.pace.pacing import Pace

    groups = GROUPS[: options.groups]
    pace = Pace(_run(groups, LimitScope))
    wanted = dict.fromkeys(groups, 20)
    limits = pace._in_force()
    buckets = [bucket for group in groups for bucket in limits.buckets(group)]

    def together() -> None:
        pace.grant(wanted)

    def apart() -> None:
        for bucket in buckets:
            grant([Ask((bucket,), 20)])

    ours, usual = _in_turns(together, apart, options.calls)
    in_redis = _in_redis(client(), together, options.calls)
    return {
        "groups": len(groups),
        "buckets": len({bucket.key for bucket in buckets}),
        "calls_per_second": 1_000_000 / ours["wall"],
        "grants_per_second": len(groups) * 1_000_000 / ours["wall"],
        "us_per_call": ours["wall"],
        "cpu_us_per_call": ours["cpu"],
        "redis_us_per_call": in_redis,
        "baseline_us_per_call": usual["wall"],
        "ratio": usual["wall"] / ours["wall"],
    }


def _run(groups: tuple[str, ...], scope: Any) -> Any:
    """A run whose limits never refuse, so that every bucket is drawn from and written each time."""
    from django.utils import timezone

    from delivery.models import Run, SpeedLimit
    from delivery.pace.services import FASTEST, LARGEST_DAY

    member, now = new_member(), timezone.now()
    most = {"workspace": member.workspace, "per_minute": FASTEST, "per_day": LARGEST_DAY}
    SpeedLimit.objects.create(scope=scope.WORKSPACE, **most)
    SpeedLimit.objects.create(scope=scope.SERVER, **most)
    SpeedLimit.objects.bulk_create(SpeedLimit(scope=scope.GROUP, group=group, **most) for group in groups)
    return Run(pk=0, workspace=member.workspace, started_at=now, matched_count=1_000_000)


def _in_turns(ours: Callable[[], None], usual: Callable[[], None], calls: int) -> tuple[dict[str, float], ...]:
    spent: tuple[list[dict[str, float]], ...] = ([], [])
    few = max(calls // 20, 10)
    for _round in range(ROUNDS):
        for found, way, times in ((spent[0], ours, calls), (spent[1], usual, few)):
            with measured() as took:
                for _call in range(times):
                    way()
            found.append({"wall": took.wall / times * 1e6, "cpu": took.cpu / times * 1e6})
    return tuple(sorted(found, key=lambda one: one["wall"])[ROUNDS // 2] for found in spent)


def _in_redis(client: Any, way: Callable[[], None], calls: int) -> float:
    """Microseconds that Redis itself works on a call."""
    client.config_resetstat()
    for _call in range(calls):
        way()
    return float(client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"])


if __name__ == "__main__":
    run("pace", __doc__ or "", bench, calls=2_000, groups=10)
