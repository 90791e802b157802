"""Stop a run by itself, so that a person can read why and decide."""

from datetime import datetime
from typing import Any

from django.db import transaction

from delivery.halt_words import halt_words
from delivery.models import ACTIVE_RUNS, Halt, Run, Watch
from delivery.notices import tell
from delivery.services import pause
from delivery.watches import watch_over
from workspaces.audit import record


@transaction.atomic
def halt_run(run: Run, halt: Halt, facts: dict[str, Any], now: datetime) -> bool:
    """Pause the run, say why on its page, in the audit log and by mail. Returns whether it was paused now.

    Only if it still is as it was when `run` was read: of two that find the same, one stops it, and neither after
    somebody has let it go on meanwhile.
    """
    locked = Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run.pk)
    if locked.state not in ACTIVE_RUNS or locked.epoch != run.epoch:
        return False
    words = halt_words(halt, facts, locked.workspace.zone)
    pause(run=locked, by=None, now=now, reason=str(words))
    Watch.objects.filter(pk=watch_over(locked).pk).update(halt=halt, facts=facts, halted_at=now)
    record("run.halted", locked.campaign, by=None, now=now, halt=halt, **facts)
    if halt != Halt.RESTORED:  # of which one mail a workspace speaks
        tell("delivery.halted", locked.campaign, now)
    return True
