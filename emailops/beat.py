"""A beat that goes on ringing when the clock of its machine is set back."""

from typing import Any

from celery.beat import PersistentScheduler


class SteadyScheduler(PersistentScheduler):
    """Lets no bell have rung later than now.

    After the clock was set back, Celery would be silent until it has caught up, also after a restart, because it keeps
    the moments on disk.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at and entry.last_run_at > now:
                entry.last_run_at = now
                self._heap = None  # made anew, from the entries
        delay: float = super().tick(*args, **kwargs)
        return delay
