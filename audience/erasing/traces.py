"""Texts that name an erased person: all text, JSON and array columns of a workspace are looked through.

The models are asked, not a list of them: a model that is added tomorrow is looked through from its first day. An
address is found as a whole, never as a part of a longer one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Upper

from audience.erasing import REDACTED, Person, blank_of, is_unsearched, writings_of

WINDOW = 20_000  # rows a statement looks at
WITHOUT_WORKSPACE = ("admin.LogEntry",)
NEVER = ("audience.Contact", "audience.Suppression", "audience.ErasureRecord")
"""Contacts are other people: their own address is theirs. Their attributes are looked through (`FIELDS`)."""
SHORTEST_ID = 5  # characters; below it an id with a letter is a word of any text
SHORTEST_NUMBER = 8  # digits; below it an id is a price, a year or somebody else's number
FIELDS = {"audience.Contact": ("attributes",)}


@dataclass(frozen=True)
class Clues:
    """What is looked for: addresses and phone numbers everywhere, names only where people write freely.

    Ids of other systems are looked for where people write freely and in what programs reported (JSON), not in columns
    of their own: there the same letters are the number of an order or of an event.
    """

    addresses: tuple[str, ...]
    phones: tuple[str, ...]
    names: tuple[str, ...]
    own_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, person: Person) -> "Clues":
        """An address of a colleague is left alone: it stands in the work of the team."""
        colleagues = _colleagues(person)
        every = {address.lower() for address in (*person.addresses, *person.written)}
        own_ids = tuple(own_id for own_id in person.own_ids if is_telling(own_id))
        return cls(tuple(sorted(every - colleagues)), person.phones, person.names, own_ids)

    def words(self, *, with_names: bool) -> list[str]:
        """What a row must hold at least one of."""
        digits = [phone.removeprefix("+") for phone in self.phones]
        return [*self.addresses, *digits, *self.own_ids, *(self.names if with_names else ())]

    @cached_property
    def _plain(self) -> re.Pattern[str] | None:
        return _pattern(self)

    @cached_property
    def _with_ids(self) -> re.Pattern[str] | None:
        return _pattern(self, self.own_ids)

    @cached_property
    def _with_names(self) -> re.Pattern[str] | None:
        return _pattern(self, self.own_ids, self.names)

    def redacted(self, value: Any, *, with_names: bool) -> Any:
        """The value without the person; the same object where it does not name the person."""
        said_freely = self._with_names if with_names else self._plain
        pattern = self._with_ids if isinstance(value, dict | list) and not with_names else said_freely
        return _redacted(value, pattern) if pattern else value


def is_telling(own_id: str) -> bool:
    """Whether an id of another system is told from other words and numbers wherever it stands."""
    return len(own_id) >= (SHORTEST_NUMBER if own_id.isdigit() else SHORTEST_ID) and any(map(str.isdigit, own_id))


def _colleagues(person: Person) -> set[str]:
    users = apps.get_model("workspaces", "User")._default_manager.filter(email__in=person.addresses)
    return {str(email).lower() for email in users.values_list("email", flat=True)}


def _pattern(clues: Clues, own_ids: Sequence[str] = (), names: Sequence[str] = ()) -> re.Pattern[str] | None:
    found = [rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)" for address in clues.addresses]
    found += [rf"(?<!\d)\+?{re.escape(phone.removeprefix('+'))}(?!\d)" for phone in clues.phones]
    found += [rf"(?<![\w-]){re.escape(own_id)}(?![\w-])" for own_id in own_ids]
    found += [rf"(?<!\w){re.escape(name)}(?!\w)" for name in names]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _redacted(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(REDACTED, value)
    if isinstance(value, list):
        return [_redacted(item, pattern) for item in value]
    if isinstance(value, dict):
        return {pattern.sub(REDACTED, key): _redacted(item, pattern) for key, item in value.items()}
    return value


def searched_models() -> list[type[models.Model]]:
    """All models of which texts are looked through, in an order that stays while the code stays."""
    found = [model for model in apps.get_models() if _is_searched(model)]
    return sorted(found, key=lambda model: model._meta.label)


def _is_searched(model: type[models.Model]) -> bool:
    label = model._meta.label
    if is_unsearched(label) or (label in NEVER and label not in FIELDS) or not list(text_fields(model)):
        return False
    return label in WITHOUT_WORKSPACE or any(field.name == "workspace" for field in model._meta.concrete_fields)


def text_fields(model: type[models.Model]) -> Iterator["models.Field[Any, Any]"]:
    """Fields of a model in which words can stand."""
    only = FIELDS.get(model._meta.label)
    for field in model._meta.concrete_fields:
        if (only is None or field.name in only) and holds_words(field):
            yield field


def holds_words(field: "models.Field[Any, Any]") -> bool:
    """Whether words can stand in a column: not in a key, a choice or the place of a file."""
    if isinstance(field, ArrayField):
        return isinstance(field.base_field, models.CharField | models.TextField)
    if field.primary_key or field.choices or isinstance(field, models.FileField):
        return False
    return isinstance(field, models.CharField | models.TextField | models.JSONField)


def redact_window(model: type[models.Model], person: Person, clues: Clues, after: int) -> tuple[int, int | None]:
    """Look through the next rows of a model: how many named the person, and where to go on (None: nowhere)."""
    rows = _rows(model, person)
    ids = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:WINDOW])
    if not ids:
        return 0, None
    fields, named = list(text_fields(model)), set(writings_of(model._meta.label))
    window = rows.filter(pk__gte=ids[0], pk__lte=ids[-1])
    changed = 0
    for row in _naming(window, fields, clues, with_names=bool(named)):
        changed += _redact_row(row, fields, named, clues)
    return changed, ids[-1] if len(ids) == WINDOW else None


def _rows(model: type[models.Model], person: Person) -> "QuerySet[Any]":
    rows = model._default_manager.all()
    if model._meta.label in WITHOUT_WORKSPACE:
        return rows
    return rows.filter(workspace=person.workspace)


def _naming(
    rows: "QuerySet[Any]", fields: Sequence["models.Field[Any, Any]"], clues: Clues, *, with_names: bool
) -> "QuerySet[Any]":
    """Rows in which one of the words stands somewhere; what is found is looked at again, word by word."""
    condition = Q()
    texts = {f"text_of_{field.name}": Upper(Cast(field.name, TextField())) for field in fields}
    for name in texts:
        for word in clues.words(with_names=with_names):
            condition |= Q(**{f"{name}__contains": Upper(Value(word))})
    return rows.alias(**texts).filter(condition) if condition else rows.none()


def _redact_row(row: models.Model, fields: Sequence["models.Field[Any, Any]"], named: set[str], clues: Clues) -> int:
    """Write the row without the person; 0 when it does not name the person after all."""
    values: dict[str, Any] = {}
    for field in fields:
        before = getattr(row, field.name)
        after = clues.redacted(before, with_names=field.name in named)
        if after != before:
            values[field.name] = _fitting(field, after)
    if not values:
        return 0
    values |= blank_of(row._meta.label)
    same = type(row)._default_manager.filter(pk=row.pk)
    try:
        with transaction.atomic():
            return same.update(**values)
    except IntegrityError:  # two rows that held nothing but the address may not be called the same
        return same.update(**{name: _told_apart(value, row.pk) for name, value in values.items()})


def _fitting(field: "models.Field[Any, Any]", value: Any) -> Any:
    if isinstance(field, models.EmailField):
        return ""
    longest = getattr(field, "max_length", None)
    return value[:longest] if longest and isinstance(value, str) else value


def _told_apart(value: Any, pk: int) -> Any:
    return value.replace(REDACTED, f"{pk}") if isinstance(value, str) else value
