"""Ring a worker. Truth lives in PostgreSQL; a task only says "look", so a bell that is lost costs seconds.

Services name the task instead of importing it: they then know neither Celery nor the module that holds it. A poller
rings again for everything that is due (`delivery.tasks.ring`), so a broker that is away loses nothing.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
_is_silent = ContextVar("is_silent", default=False)


@contextmanager
def silence() -> Iterator[None]:
    """Ring nobody for what is written inside: whoever tells a past does the work of the tasks too, at its own time.

    What is left to do is found by the poller, as after a lost bell.
    """
    token = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(token)


def is_silent() -> bool:
    """Whether a past is being told, of which nobody is to hear now."""
    return _is_silent.get()


def enqueue(task: str, /, *, expires_in: timedelta | None = None, queue: str | None = None, **ids: Any) -> None:
    """Ring the named task once the current transaction has committed, in the task's own queue or in this one.

    A bell that nobody has heard when it expires is thrown away: a poller that rings again and again for work that takes
    long would else fill the queue, and everybody else's bells would wait behind its own.
    """
    if is_silent():
        return
    expires = expires_in.total_seconds() if expires_in else None
    transaction.on_commit(lambda: _ring(task, ids, expires=expires, queue=queue))


def _ring(task: str, ids: dict[str, Any], **how: Any) -> None:
    try:
        current_app.send_task(task, kwargs=ids, retry=False, **how)
    except OperationalError:
        # The write is committed and the poller will find it: the person must not see an error for it.
        logger.warning("The broker is away; %s will be found by the poller", task)
