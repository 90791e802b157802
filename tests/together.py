"""Two or more at once, each on a connection of its own. For tests with `transaction=True` where a race is the point."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
PATIENCE = 20.0  # seconds


def together(*actions: Callable[[], T]) -> list[T | Exception]:
    """What each action returned, or the exception it raised, in the order given."""
    start = Barrier(len(actions), timeout=PATIENCE)

    def run(action: Callable[[], T]) -> T | Exception:
        try:
            start.wait()
            return action()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions, timeout=PATIENCE))
