"""Whom a survey was sent to: apps that send say so, because an answer is worth little without who was silent."""

from collections.abc import Callable, Collection

from audience.models import Survey

Counter = Callable[[Collection[Survey]], dict[int, int]]
_counters: list[Counter] = []


def register_asked(counter: Counter) -> None:
    """Say how many people surveys were sent to, by the id of the survey; without those never sent."""
    if counter not in _counters:
        _counters.append(counter)


def asked_by_mail(surveys: Collection[Survey]) -> dict[int, int]:
    """How many people got each of these surveys in a mail. As many queries as there are apps that send."""
    found: dict[int, int] = {}
    for counter in _counters:
        for pk, count in counter(surveys).items():
            found[pk] = found.get(pk, 0) + count
    return found
