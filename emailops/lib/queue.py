"""Ring a worker. Truth lives in PostgreSQL; a task only says "look", so a bell that is lost costs seconds.

Services name the task instead of importing it: they then know neither Celery nor the module that holds it. A poller
rings again for everything that is due (`delivery.tasks.ring`), so a broker that is away loses nothing.
"""

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue(task: str, /, **ids: Any) -> None:
    """Ring the named task once the current transaction has committed."""
    transaction.on_commit(lambda: _ring(task, ids))


def _ring(task: str, ids: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, kwargs=ids, retry=False)
    except OperationalError:
        # The write is committed and the poller will find it: the person must not see an error for it.
        logger.warning("The broker is away; %s will be found by the poller", task)
