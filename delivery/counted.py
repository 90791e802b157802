"""Figures that cost much, counted once for everybody who looks at the moment.

Nothing hangs on them: they are told, never acted on. Redis forgets them by itself.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from delivery.pace.buckets import client

logger = logging.getLogger(__name__)
PREFIX = "emailops:counted:"
FRESH = 2.0  # seconds for which figures are told again before somebody counts anew
LEISURE = (
    20  # times as long as counting took they stay at least: all who look together keep a core busy for a twentieth
)
TURN = 10.0  # seconds within which who counts should be done; after that the next one counts
KEPT = 60  # seconds for which old figures are told while somebody counts


def counted_once(key: str, count: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `count` answers, or what it answered to somebody else a moment ago. It has to be what JSON can hold.

    Of several who look at once one counts, and the others are told the figures before. Where there are none yet, or
    Redis cannot be asked, everybody counts.
    """
    try:
        is_my_turn, kept = _look(PREFIX + key)
    except RedisError as error:
        logger.warning("Figures are counted for everybody who looks: %s", error)
        return count()
    if kept is not None and not is_my_turn:
        found: dict[str, Any] = json.loads(kept)
        return found
    began = time.monotonic()
    counted = count()
    _keep(PREFIX + key, counted, fresh_for=max(FRESH, LEISURE * (time.monotonic() - began)))
    return counted


def _look(key: str) -> tuple[bool, bytes | None]:
    with client().pipeline(transaction=False) as pipe:
        pipe.set(f"{key}:turn", 1, nx=True, px=round(TURN * 1000))
        pipe.get(key)
        is_my_turn, kept = pipe.execute()
    return bool(is_my_turn), kept


def _keep(key: str, counted: dict[str, Any], fresh_for: float) -> None:
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.set(key, json.dumps(counted), ex=KEPT)
            pipe.set(f"{key}:turn", 1, px=round(fresh_for * 1000))
            pipe.execute()
    except RedisError as error:
        logger.warning("Figures could not be kept for others: %s", error)
