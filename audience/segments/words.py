"""A rule as a person would say it: "People whose city is Sofia and who opened a mail in the last 30 days"."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audience.segments.definition import Condition, Group
from audience.segments.fields import AskedFilter, Choice, Field, checked_ask
from audience.segments.operators import OPPOSITES, PROPERTY_OPERATORS, Kind, Operator, Takes
from audience.segments.plan import field_asked

MOST_SAID = 5
NEVER_ASKED_OF_TIME: Any = None
Fields = Mapping[str, Field]


def sentence(definition: Group, fields: Fields) -> str:
    """The whole rule as one sentence."""
    words = in_words(definition, fields)
    return words if definition.asks_nothing else _("People %(words)s.") % {"words": words}


def in_words(rule: Condition | Group, fields: Fields) -> str:
    """The rule as a clause after "people": "who …", "whose … is …". A rule that asks nothing is everybody."""
    if isinstance(rule, Condition):
        return _condition(rule, fields)
    parts = _asking(rule)
    if not parts:
        return _("everybody")
    words = _joined(rule, parts, fields)
    return _("except those %(words)s") % {"words": words} if rule.leaves_out else words


def narrowing_words(rule: Condition | Group, fields: Fields) -> str:
    """A part of a rule as a line of its own."""
    words = in_words(rule, fields)
    return words[:1].upper() + words[1:]


def _asking(group: Group) -> list[Condition | Group]:
    if group.match == "all" and not group.leaves_out:
        return list(group.asked_of_all)
    return [rule for rule in group.rules if isinstance(rule, Condition) or not rule.asks_nothing]


def _joined(group: Group, parts: Sequence[Condition | Group], fields: Fields) -> str:
    if len(parts) == 1:
        return in_words(parts[0], fields)
    if group.match != "all":
        return _(" or ").join(_bracketed(part, fields) for part in parts)
    left_out = [part for part in parts if isinstance(part, Group) and part.leaves_out]
    kept = [part for part in parts if part not in left_out]
    words = _(" and ").join(_bracketed(part, fields) for part in kept)
    said = [words, *(in_words(part, fields) for part in left_out)]
    return ", ".join(part for part in said if part)


def _bracketed(part: Condition | Group, fields: Fields) -> str:
    """A group of several parts within another is held together, or "and" and "or" could be read in two ways."""
    words = in_words(part, fields)
    return f"({words})" if isinstance(part, Group) and len(_asking(part)) > 1 else words


def _condition(condition: Condition, fields: Fields) -> str:
    asked = field_asked(condition, fields)
    operator = asked.operator(condition.op)
    value = checked_ask(asked, condition, NEVER_ASKED_OF_TIME)
    shown = _value(operator, value.value, asked.choices)
    if asked.kind in {Kind.PAST, Kind.PURCHASE}:
        words = _("who %(words)s") % {"words": _deed(asked, operator, shown)}
        if value.days is not None:
            words = _("%(words)s within %(days)s") % {"words": words, "days": _days(value.days)}
        return words + _filters(asked, value.where)
    return _state(asked, operator, shown)


def _state(asked: Field, operator: Operator, shown: str) -> str:
    words = str(operator.words) % {"value": shown}
    if asked.kind in {Kind.TAGS, Kind.SHARE}:
        return _("who %(words)s") % {"words": words}
    if asked.key in _MEMBERS:
        sentences = _MEMBERS[asked.key]
        return str(sentences[operator.key in OPPOSITES]()) % {"value": shown}
    return _("whose %(field)s %(words)s") % {"field": _within_sentence(asked.label), "words": words}


# By a call, so that makemessages finds the words and the language is that of the reader.
_MEMBERS = {
    "list": (lambda: _("who are on the list %(value)s"), lambda: _("who are not on the list %(value)s")),
    "segment": (lambda: _("who are in the segment %(value)s"), lambda: _("who are not in the segment %(value)s")),
    "topic": (lambda: _("who chose the topic %(value)s"), lambda: _("who did not choose the topic %(value)s")),
    "topic_left": (lambda: _("who left the topic %(value)s"), lambda: _("who did not leave the topic %(value)s")),
}


def _deed(asked: Field, operator: Operator, shown: str) -> str:
    return str(operator.words) % {"did": asked.did or asked.label, "did_not": asked.did_not, "value": shown}


def _filters(asked: Field, where: Sequence[AskedFilter]) -> str:
    said = [_filter(asked, item) for item in where]
    return _(" (%(filters)s)") % {"filters": _(" and ").join(said)} if said else ""


def _filter(asked: Field, item: AskedFilter) -> str:
    found = asked.narrowed_by(item.property)
    operators = {each.key: each for kind in (Kind.NUMBER, Kind.TEXT) for each in PROPERTY_OPERATORS[kind]}
    operators |= {each.key: each for each in found.operators}
    shown = _value(operators[item.op], item.value, found.choices)
    return f"{_within_sentence(found.label)} {str(operators[item.op].words) % {'value': shown}}"


def _within_sentence(label: str) -> str:
    """A label in the middle of a sentence begins small, unless it is an abbreviation."""
    is_abbreviation = len(label) > 1 and label[1].isupper()
    return label if is_abbreviation else label[:1].lower() + label[1:]


def _value(operator: Operator, value: Any, choices: Sequence[Choice]) -> str:
    if operator.takes == Takes.SOME:
        labels = {choice.value: choice.label for choice in choices}
        value = [labels[item] for item in value]
    return _WRITTEN.get(operator.takes, _plain)(value)


def _share(value: tuple[float, str]) -> str:
    return _("%(percent)s %% drawn by “%(seed)s”") % {"percent": _plain(value[0]), "seed": value[1]}


def _two_numbers(value: tuple[float, float]) -> str:
    return _("%(low)s and %(high)s") % {"low": _plain(value[0]), "high": _plain(value[1])}


def _times(times: int) -> str:
    return ngettext("%(shown)s time", "%(shown)s times", times) % {"shown": _plain(times)}


def _some_values(values: Sequence[str]) -> str:
    if len(values) > MOST_SAID:
        more = len(values) - MOST_SAID
        rest = ngettext("%(n)s other", "%(n)s others", more) % {"n": number_format(more, force_grouping=True)}
        values = [*values[:MOST_SAID], rest]
    return values[0] if len(values) == 1 else _(" or ").join((", ".join(values[:-1]), values[-1]))


def _days(days: int) -> str:
    return ngettext("%(shown)s day", "%(shown)s days", days) % {"shown": _plain(days)}


def _plain(value: Any) -> str:
    """A value in the reader's notation."""
    if isinstance(value, float | int):
        return number_format(int(value) if float(value).is_integer() else value, force_grouping=True)
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return "" if value is None else str(value)


_WRITTEN: dict[Takes, Callable[[Any], str]] = {
    Takes.SOME: _some_values,
    Takes.MANY: _some_values,
    Takes.SHARE: _share,
    Takes.TWO_NUMBERS: _two_numbers,
    Takes.DAYS: _days,
    Takes.TIMES: _times,
}
