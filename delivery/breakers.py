"""The breakers: a run whose mail is refused, complained about or swallowed stops by itself.

Measured over what was decided since somebody last let the run go on. The decision itself is `delivery.evidence`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max

from campaigns.models import Sender
from delivery.evidence import Evidence, Measured, Samples, could_be_too_much, judge, warns
from delivery.halts import halt_run
from delivery.ledger import RETRY_AFTER, SPREAD
from delivery.models import Delivery, DeliveryState, Halt, Run, RunState, SafetyLimits, Watch
from delivery.notices import tell
from delivery.outages import look_for_standstill
from delivery.safety import limits_of
from delivery.sender_faults import PATTERN
from delivery.watches import watch_over

# Reads the trouble alone, by the indexes of reasons and of next attempts, and never the many that were sent. When a row
# was put off is not kept; it was so much earlier than its next attempt at the most.
TROUBLES = """
SELECT count(*) FILTER (WHERE reason = 'refused' AND NOT ours),
       count(*) FILTER (WHERE reason = 'content_refused' AND NOT ours),
       count(*) FILTER (WHERE ours),
       coalesce(mode() WITHIN GROUP (ORDER BY code) FILTER (WHERE ours), ''),
       coalesce(array_agg(decided_at) FILTER (WHERE reason = 'connection_lost'), '{}'),
       max(decided_at) FILTER (WHERE state = 'failed' AND reason <> 'render_failed'),
       (SELECT count(*) FROM delivery_feedback AS said JOIN delivery_delivery AS about ON about.id = said.delivery_id
        WHERE said.run_id = %(run)s AND said.kind = 'complaint' AND about.decided_at > %(since)s),
       (SELECT count(*) FROM delivery_feedback AS said JOIN delivery_delivery AS about ON about.id = said.delivery_id
        WHERE said.run_id = %(run)s AND said.kind = 'bounce' AND said.is_final AND about.state = 'sent'
          AND about.decided_at > %(since)s)
FROM (SELECT state, reason, decided_at, code, code IS NOT NULL AS ours
      FROM delivery_delivery
      CROSS JOIN LATERAL (SELECT CASE WHEN state <> 'unknown' AND strpos(reply_text, '.7.') > 0
                                      THEN substring(reply_text FROM %(faults)s) END AS code) AS blamed
      WHERE run_id = %(run)s
        AND ((reason <> '' AND state IN ('failed', 'unknown') AND decided_at > %(since)s)
             OR (next_attempt_at IS NOT NULL AND state = 'deferred' AND attempt > 0 AND next_attempt_at
                 - (%(waits)s::interval[])[least(attempt, cardinality(%(waits)s::interval[]))] > %(since)s))
     ) AS trouble
"""
LONGEST_WAITS = [wait * (1 + SPREAD) for wait in RETRY_AFTER]


def look_at(run: Run, now: datetime) -> None:
    """Stop the run, or warn, if what happened to its mail says so. Safe to call at any time, and by many at once.

    One that is over cannot be stopped any more, but most complaints come only then, and are warned of.
    One small query; a second, over all that was sent, only when the first leaves room for too much.
    """
    watch, limits = watch_over(run), limits_of(run.workspace)
    evidence = evidence_of(run, watch, limits)
    found = judge(evidence, limits, Samples.of(limits))
    if found and run.is_moving:
        _stop(run, found, now)
    elif warns(evidence, limits, Samples.of(limits)):
        _warn(run, watch, evidence, limits, now)
    if not found and run.state == RunState.SENDING:
        look_for_standstill(run, watch, limits, now)


def evidence_of(run: Run, watch: Watch, limits: SafetyLimits) -> Evidence:
    """What happened since the watch began. `sent` is exact where anything hangs on it, and never too high.

    Whoever was sent stays so: what was counted once is a floor, and a share over a floor is a ceiling. Only a ceiling
    above a limit makes it worth while to count again.
    """
    troubles = _troubles(run, watch)
    rough = troubles.evidence(sent=watch.sent_seen, answered_at=None)
    if not could_be_too_much(rough, limits):
        return rough
    sent = Delivery.objects.filter(run=run, state=DeliveryState.SENT, decided_at__gt=watch.since)
    counted = sent.aggregate(number=Count("pk"), last=Max("decided_at"))
    if counted["number"] != watch.sent_seen:
        Watch.objects.filter(pk=watch.pk, since=watch.since).update(sent_seen=counted["number"])
    return troubles.evidence(sent=counted["number"], answered_at=counted["last"])


@dataclass(frozen=True, slots=True)
class _Troubles:
    """What `TROUBLES` returns: the counts, and the times at which an answer was missing or was a refusal."""

    counted: Evidence
    unanswered: Sequence[datetime]
    refused_at: datetime | None

    def evidence(self, *, sent: int, answered_at: datetime | None) -> Evidence:
        answers = [at for at in (answered_at, self.refused_at) if at is not None]
        silent = [at for at in self.unanswered if not answers or at > max(answers)]
        return replace(self.counted, sent=sent, unanswered=len(silent))


def _troubles(run: Run, watch: Watch) -> _Troubles:
    given: dict[str, Any] = {"run": run.pk, "since": watch.since, "faults": PATTERN, "waits": LONGEST_WAITS}
    with connection.cursor() as cursor:
        cursor.execute(TROUBLES, given)
        refused, content, faults, code, unanswered, refused_at, complaints, bounces = cursor.fetchone()
    counted = Evidence(
        refused=refused,
        late_bounces=bounces,
        content=content,
        sender_faults=faults,
        sender_code=code,
        complaints=complaints,
    )
    return _Troubles(counted, unanswered, refused_at)


def _stop(run: Run, found: Measured, now: datetime) -> None:
    if not halt_run(run, found.halt, found.facts, now) or found.halt != Halt.SENDER:
        return
    # Whoever distrusts the sender's domain distrusts it in every mail: what else goes out from it fares no better.
    for other in _under_way_from_the_same_domain(run):
        halt_run(other, found.halt, found.facts, now)


def _under_way_from_the_same_domain(run: Run) -> Sequence[Run]:
    sender = Sender.objects.filter(campaigns__run=run).first()
    if sender is None:
        return []
    domain = sender.email.rpartition("@")[2]
    others = Run.objects.for_workspace(run.workspace).active().exclude(pk=run.pk)
    return list(others.filter(campaign__sender__email__iendswith=f"@{domain}").order_by("pk"))


def _warn(run: Run, watch: Watch, evidence: Evidence, limits: SafetyLimits, now: datetime) -> None:
    """Tell of complaints once; the page shows the newest figures."""
    figures = {"count": evidence.complaints, "of": evidence.sent, "limit": limits.complaint_warn_rate}
    if not watch.warning:
        first = Watch.objects.filter(pk=watch.pk, warning={}).update(warning=figures)
        if first:
            tell("delivery.warned", run.campaign, now)
    elif watch.warning != figures:
        Watch.objects.filter(pk=watch.pk).exclude(warning={}).update(warning=figures)
