"""An evaluator of segments that is too simple to be wrong: people as plain values, rules one after the other."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audience.models import Lifecycle
from audience.segments.definition import Condition, Filter, Group

NOW = datetime(2026, 5, 18, 21, 30, tzinfo=UTC)  # half past midnight of the 19th in Sofia
SOFIA = ZoneInfo("Europe/Sofia")
TODAY = NOW.astimezone(SOFIA).date()
EARNED = {"paid", "sent"}
OPPOSITE = {
    "is_not": "is",
    "is_not_set": "is_set",
    "not_one_of": "one_of",
    "not_in_last_days": "in_last_days",
    "none_of": "any_of",
    "never": "ever",
    "fewer_than": "at_least",
    "sum_below": "sum_at_least",
    "outside": "within",
}


@dataclass(frozen=True)
class Deed:
    """An event or an order."""

    name: str
    at: datetime
    value: float | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Person:
    """A contact as the evaluator sees it."""

    first_name: str
    language: str
    consent: str
    created_at: datetime
    attributes: dict[str, Any]
    lists: list[str]
    events: list[Deed] = field(default_factory=list)
    orders: list[Deed] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    topics: dict[str, str] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    paused_until: date | None = None
    key: int = 0


Named = dict[str, Group]


def belongs(person: Person, rule: Condition | Group, named: Named) -> bool | None:
    """Whether the rule means this person; None if it asks nothing."""
    if isinstance(rule, Condition):
        return matches(person, rule, named)
    answers = [answer for part in rule.rules if (answer := belongs(person, part, named)) is not None]
    if not answers:
        return None
    together = all(answers) if rule.match == "all" else any(answers)
    return together != (rule.negate != (rule.match == "none"))


def matches(person: Person, asked: Condition, named: Named) -> bool:
    if asked.op in OPPOSITE:
        straight = Condition(asked.field, OPPOSITE[asked.op], asked.value, asked.days, asked.where)
        return not matches(person, straight, named)
    app, _dot, key = asked.field.partition(".")
    if app == "segment":
        return any(belongs(person, named[name], named) is not False for name in asked.value)
    return _ASKED.get(app, _of_column)(person, asked, key)


def _of_column(person: Person, asked: Condition, key: str) -> bool:
    app = asked.field
    if asked.op == "any_of":
        return getattr(person, app) in asked.value
    if app == "created_at":
        return _moment(person.created_at, asked)
    return _value(getattr(person, app) or None, asked)


def _of_attribute(person: Person, asked: Condition, key: str) -> bool:
    return _value(person.attributes.get(key), asked)


def _of_profile(person: Person, asked: Condition, key: str) -> bool:
    value = person.profile.get(key)
    if key.startswith(("last_", "first_")):
        return _moment(value, asked)
    return _value(value or 0, asked)


def _rfm(person: Person, asked: Condition, key: str) -> bool:
    digits = str(person.profile.get("rfm") or "000")
    digit = int(digits[["recency", "frequency", "money"].index(key)])
    return digit in asked.value


def _deeds(person: Person, asked: Condition, key: str) -> bool:
    if asked.field == "order":
        filtered_by_status = any(item.property == "status" for item in asked.where)
        rows = [deed for deed in person.orders if filtered_by_status or deed.properties["status"] in EARNED]
    else:
        rows = [deed for deed in person.events if deed.name == key]
    rows = [deed for deed in rows if all(_fits(deed, item, asked.field) for item in asked.where)]
    days = asked.value if asked.op == "in_last_days" else asked.days
    recent = [deed for deed in rows if days is None or deed.at > NOW - timedelta(days=days)]
    if asked.op == "last_before":
        return bool(rows) and max(deed.at for deed in rows) <= NOW - timedelta(days=asked.value)
    if asked.op == "at_least":
        return bool(len(recent) >= asked.value)
    if asked.op == "sum_at_least":
        if not any(deed.value is not None for deed in recent) and asked.value > 0:
            return False
        return bool(sum(deed.value or 0 for deed in recent) >= asked.value)
    return bool(recent)


def _fits(deed: Deed, item: Filter, asked: str) -> bool:
    if item.op in OPPOSITE:
        return not _fits(deed, Filter(item.property, OPPOSITE[item.op], item.value), asked)
    if item.property in {"value", "total"}:
        return deed.value is not None and STRAIGHT[item.op](deed.value, item.value)
    if asked == "order" and item.property == "product":
        return any(STRAIGHT[item.op](text, item.value) for text in deed.properties["product"])
    held = deed.properties.get(item.property)
    if item.op == "any_of":
        return held in item.value
    if item.op in {"equals", "more_than", "less_than"}:
        return isinstance(held, int | float) and STRAIGHT[item.op](held, item.value)
    return held is not None and STRAIGHT[item.op](str(held), item.value)


def _drawn(person: Person, asked: Condition, _key: str) -> bool:
    percent, seed = asked.value
    digest = hashlib.md5(f"{seed}:{person.key}".encode(), usedforsecurity=False).hexdigest()
    return bool(int(digest[:8], 16) % 10_000 < round(percent * 100))


def _moment(value: datetime | None, asked: Condition) -> bool:
    if asked.op == "in_last_days":
        return value is not None and value > NOW - timedelta(days=asked.value)
    if asked.op == "before_days_ago":
        return value is not None and value < NOW - timedelta(days=asked.value)
    if asked.op == "in_next_days":
        return value is not None and NOW < value <= NOW + timedelta(days=asked.value)
    return _value(value.astimezone(SOFIA).date().isoformat() if value else None, asked)


def _value(value: Any, asked: Condition) -> bool:
    """A value that may be missing: then it is not what any straight comparison asks."""
    return value is not None and STRAIGHT[asked.op](value, asked.value)


def _span(value: str | date, first: int, last: int) -> bool:
    day = date.fromisoformat(str(value))
    return TODAY + timedelta(days=first) <= day <= TODAY + timedelta(days=last)


def _anniversary(value: str | date, days: int) -> bool:
    born = date.fromisoformat(str(value))
    for n in range(min(days, 366)):
        day = TODAY + timedelta(days=n)
        if (born.month, born.day) == (day.month, day.day):
            return True
        is_leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
        if (born.month, born.day) == (2, 29) and (day.month, day.day) == (2, 28) and not is_leap:
            return True
    return False


STRAIGHT: dict[str, Callable[[Any, Any], bool]] = {
    "is_set": lambda _value, _asked: True,
    "is": lambda value, asked: value.upper() == asked.upper(),
    "contains": lambda value, asked: asked.upper() in value.upper(),
    "starts_with": lambda value, asked: value.upper().startswith(asked.upper()),
    "ends_with": lambda value, asked: value.upper().endswith(asked.upper()),
    "one_of": lambda value, asked: value.upper() in [item.upper() for item in asked],
    "equals": lambda value, asked: value == asked,
    "more_than": lambda value, asked: value > asked,
    "less_than": lambda value, asked: value < asked,
    "between": lambda value, asked: asked[0] <= value <= asked[1],
    "before": lambda value, asked: str(value) < asked,
    "after": lambda value, asked: str(value) > asked,
    "on": lambda value, asked: str(value) == asked,
    "in_last_days": lambda value, days: _span(value, 1 - days, 0),
    "in_next_days": lambda value, days: _span(value, 0, days - 1),
    "before_days_ago": lambda value, days: date.fromisoformat(str(value)) < TODAY - timedelta(days=days),
    "anniversary_today": lambda value, _asked: _anniversary(value, 1),
    "anniversary_in_days": _anniversary,
    "is_true": lambda value, _asked: value is True,
    "is_false": lambda value, _asked: value is False,
    "any_of": lambda value, asked: bool(set(value if isinstance(value, list) else [value]) & set(asked)),
    "all_of": lambda value, asked: set(asked) <= set(value),
}
_ASKED: dict[str, Callable[[Person, Condition, str], bool]] = {
    "attribute": _of_attribute,
    "profile": _of_profile,
    "rfm": _rfm,
    "event": _deeds,
    "order": _deeds,
    "share": _drawn,
    "lifecycle": lambda person, asked, _key: person.profile.get("lifecycle", Lifecycle.NEW) in asked.value,
    "list": lambda person, asked, _key: any(name in asked.value for name in person.lists),
    "topic": lambda person, asked, _key: any(person.topics.get(name) == "given" for name in asked.value),
    "topic_left": lambda person, asked, _key: any(person.topics.get(name) == "withdrawn" for name in asked.value),
    "tags": lambda person, asked, _key: {
        "is_set": lambda: bool(person.tags),
        "one_of": lambda: bool(set(person.tags) & set(asked.value)),
        "every_of": lambda: set(asked.value) <= set(person.tags),
    }[asked.op](),
}
