"""How what is known can be compared, by its kind."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    """The type of what a field holds, which decides how it can be compared."""

    TEXT = "text"
    NUMBER = "number"
    COUNT = "count"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    OPTION = "option"
    SEVERAL = "several"
    TAGS = "tags"
    PAST = "past"
    PURCHASE = "purchase"
    SHARE = "share"


class Takes(StrEnum):
    """What an operator needs on its right."""

    NOTHING = "nothing"
    TEXT = "text"
    NUMBER = "number"
    TWO_NUMBERS = "two_numbers"
    DATE = "date"
    DAYS = "days"
    TIMES = "times"
    SOME = "some"
    MANY = "many"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison. `words` says it after the field's name, with the value as %(value)s."""

    key: str
    label: "str | Promise"
    takes: Takes
    words: "str | Promise"
    counts: bool = False


def _op(key: str, label: Promise, takes: Takes, words: "Promise | None" = None, *, counts: bool = False) -> Operator:
    return Operator(key, label, takes, words or label, counts)


IS_SET = _op("is_set", _("is known"), Takes.NOTHING)
IS_NOT_SET = _op("is_not_set", _("is not known"), Takes.NOTHING)
KNOWN = (IS_SET, IS_NOT_SET)
NUMBERS = (
    _op("equals", _("equals"), Takes.NUMBER, _("is %(value)s")),
    _op("more_than", _("is more than"), Takes.NUMBER, _("is more than %(value)s")),
    _op("less_than", _("is less than"), Takes.NUMBER, _("is less than %(value)s")),
    _op("between", _("is between"), Takes.TWO_NUMBERS, _("is between %(value)s")),
)
CHOICES = (
    _op("any_of", _("is any of"), Takes.SOME, _("is %(value)s")),
    _op("none_of", _("is none of"), Takes.SOME, _("is not %(value)s")),
)
# Of what people did, the words follow the field's own: "opened a mail", "did not open a mail".
DID = (
    _op("in_last_days", _("in the last … days"), Takes.DAYS, _("%(did)s in the last %(value)s")),
    _op("not_in_last_days", _("not in the last … days"), Takes.DAYS, _("%(did_not)s in the last %(value)s")),
    _op("last_before", _("last more than … days ago"), Takes.DAYS, _("%(did)s last more than %(value)s ago")),
    _op("ever", _("ever"), Takes.NOTHING, _("%(did)s at least once")),
    _op("never", _("never"), Takes.NOTHING, _("never %(did)s")),
    _op("at_least", _("at least … times"), Takes.TIMES, _("%(did)s at least %(value)s"), counts=True),
    _op("fewer_than", _("fewer than … times"), Takes.TIMES, _("%(did)s fewer than %(value)s"), counts=True),
)
SPENT = (
    _op("sum_at_least", _("worth at least"), Takes.NUMBER, _("%(did)s for at least %(value)s in sum"), counts=True),
    _op("sum_below", _("worth less than"), Takes.NUMBER, _("%(did)s for less than %(value)s in sum"), counts=True),
)
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: (
        _op("is", _("is"), Takes.TEXT, _("is %(value)s")),
        _op("is_not", _("is not"), Takes.TEXT, _("is not %(value)s")),
        _op("contains", _("contains"), Takes.TEXT, _("contains %(value)s")),
        _op("starts_with", _("starts with"), Takes.TEXT, _("starts with %(value)s")),
        _op("ends_with", _("ends with"), Takes.TEXT, _("ends with %(value)s")),
        _op("one_of", _("is one of a list"), Takes.MANY, _("is %(value)s")),
        _op("not_one_of", _("is none of a list"), Takes.MANY, _("is not %(value)s")),
        *KNOWN,
    ),
    Kind.NUMBER: (*NUMBERS, *KNOWN),
    Kind.COUNT: NUMBERS,
    Kind.DATE: (
        _op("before", _("is before"), Takes.DATE, _("is before %(value)s")),
        _op("after", _("is after"), Takes.DATE, _("is after %(value)s")),
        _op("on", _("is on"), Takes.DATE, _("is on %(value)s")),
        _op("in_last_days", _("is in the last … days"), Takes.DAYS, _("is in the last %(value)s")),
        _op("not_in_last_days", _("is not in the last … days"), Takes.DAYS, _("is not in the last %(value)s")),
        _op("before_days_ago", _("is more than … days ago"), Takes.DAYS, _("is more than %(value)s ago")),
        _op("in_next_days", _("is in the next … days"), Takes.DAYS, _("is in the next %(value)s")),
        _op("anniversary_today", _("has its anniversary today"), Takes.NOTHING),
        _op(
            "anniversary_in_days", _("has its anniversary in the next … days"), Takes.DAYS,
            _("has its anniversary in the next %(value)s"),
        ),
        *KNOWN,
    ),
    Kind.BOOLEAN: (_op("is_true", _("is yes"), Takes.NOTHING), _op("is_false", _("is no"), Takes.NOTHING), *KNOWN),
    Kind.CHOICE: CHOICES,
    Kind.OPTION: (*CHOICES, *KNOWN),
    Kind.SEVERAL: (
        _op("any_of", _("has any of"), Takes.SOME, _("has %(value)s")),
        _op("all_of", _("has all of"), Takes.SOME, _("has all of %(value)s")),
        _op("none_of", _("has none of"), Takes.SOME, _("has none of %(value)s")),
        *KNOWN,
    ),
    Kind.TAGS: (
        _op("one_of", _("has any of"), Takes.MANY, _("are tagged %(value)s")),
        _op("every_of", _("has all of"), Takes.MANY, _("are tagged with all of %(value)s")),
        _op("not_one_of", _("has none of"), Takes.MANY, _("are not tagged %(value)s")),
        _op("is_set", _("has any tag"), Takes.NOTHING, _("are tagged")),
        _op("is_not_set", _("has no tag"), Takes.NOTHING, _("are not tagged")),
    ),
    Kind.PAST: DID,
    Kind.PURCHASE: (*DID, *SPENT),
    Kind.SHARE: (
        _op("within", _("is within"), Takes.SHARE, _("are within %(value)s")),
        _op("outside", _("is outside"), Takes.SHARE, _("are outside %(value)s")),
    ),
}  # fmt: skip

# An operator that asks the opposite of another is planned as that one turned round, so that fields answer one of both.
OPPOSITES = {
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

PROPERTY_OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: OPERATORS[Kind.TEXT][:5],
    Kind.CHOICE: CHOICES,
    Kind.NUMBER: NUMBERS[:3],
}
