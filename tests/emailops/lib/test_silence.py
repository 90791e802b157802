"""While a past is told, nobody is rung and no open page is told."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from emailops.lib.live import publish
from emailops.lib.queue import enqueue, silence

Capture = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.mark.django_db
def test_what_is_told_in_silence_is_heard_by_nobody(django_capture_on_commit_callbacks: Capture) -> None:
    with django_capture_on_commit_callbacks() as heard:
        with silence():
            publish(1, "sprint-1")
            enqueue("delivery.ring")
        publish(1, "sprint-1")

    assert len(heard) == 1
