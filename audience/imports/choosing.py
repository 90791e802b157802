"""What one can choose from in an attribute that a column becomes: taken from the values found, corrected by hand.

A value that is no choice, as a misspelling, can be taken for one, for a new one, or for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from django.utils.translation import gettext as _

from audience.attributes import parts_of
from audience.imports.becoming import CHOSEN_KINDS, attributes_of, names_of
from audience.imports.files import opened
from audience.imports.mapping import CHOOSING, ImportRefused
from audience.models import AttributeDefinition, AttributeKind, ContactImport
from audience.services.attributes import LONGEST_LABEL, MOST_CHOICES
from emailops.lib.csvfile import rearmed

Definitions = Mapping[str, AttributeDefinition]
ROWS_LOOKED_AT = 20_000  # of a file whose column is a known attribute: the page need not wait for the rest


def chosen_columns(found: ContactImport, attributes: Definitions) -> dict[str, AttributeDefinition]:
    """By number the columns that become attributes with choices, as the mapping of `found` says."""
    made = attributes_of(found, attributes)
    return {index: definition for index, definition in made.items() if definition.kind in CHOSEN_KINDS}


def settle_choices(found: ContactImport, attributes: Definitions) -> None:
    """Complete `new_choices` of an import by what is found in the file, and check it and `same_values`; saves nothing.

    Raises `ImportRefused` for a column with no choice, or with more different values than an attribute has choices,
    and for a value that is to be taken for something that is none.
    """
    asked = [index for index, target in found.mapping.items() if target in CHOOSING]
    chosen = {index: _different(labels) for index, labels in found.new_choices.items()}
    found.same_values = {index: _same(values) for index, values in found.same_values.items()}
    definitions = chosen_columns(found, attributes)
    if missing := {index: definitions[index] for index in asked if not chosen.get(index)}:
        chosen |= _others(values_found(found, missing), found.same_values)
    found.new_choices = {index: chosen[index] for index in definitions if chosen.get(index)}
    for index in asked:
        _require_choices(found.header[int(index)], index, found.new_choices.get(index, ()))
    definitions = chosen_columns(found, attributes)
    found.same_values = {index: same for index, same in found.same_values.items() if index in definitions and same}
    for index, same in found.same_values.items():
        _require_there(found.header[int(index)], index, definitions[index], same)


def values_found(found: ContactImport, columns: Definitions, rows: int | None = None) -> dict[str, list[str]]:
    """The different values of these columns, in the order of the file; at most one more than can be choices.

    Reads the file once, up to so many rows. Cells of several values are divided.
    """
    values: dict[str, dict[str, str]] = {index: {} for index in columns}
    with opened(found) as (_file, table):
        for row in islice(table.rows, rows):
            for index, definition in columns.items():
                cell = rearmed(row.cells[int(index)].strip()) if int(index) < len(row.cells) else ""
                for value in parts_of(cell) if definition.kind == AttributeKind.LIST else [cell]:
                    if value and len(values[index]) <= MOST_CHOICES:
                        values[index].setdefault(value.casefold(), value)
    return {index: list(different.values()) for index, different in values.items()}


def unknown_values(found: ContactImport, attributes: Definitions) -> dict[str, list[str]]:
    """For each column that becomes a known attribute with choices, what its first rows hold that is none of them."""
    columns = chosen_columns(found, attributes)
    known = {index: names_of(column) for index, column in columns.items() if found.mapping[index] not in CHOOSING}
    if not known:
        return {}
    values = values_found(found, {index: columns[index] for index in known}, ROWS_LOOKED_AT)
    unknown = {index: [value for value in values[index] if value.casefold() not in known[index]] for index in known}
    return {index: others[:MOST_CHOICES] for index, others in unknown.items() if others}


def _others(values: Mapping[str, list[str]], same: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """The values that are to be taken for nothing else."""
    return {index: [v for v in of if v.casefold() not in same.get(index, {})] for index, of in values.items()}


def _different(given: Iterable[str]) -> list[str]:
    different: dict[str, str] = {}
    for label in given:
        different.setdefault(label.strip().casefold(), label.strip())
    return [label for label in different.values() if label]


def _same(values: Mapping[str, str]) -> dict[str, str]:
    return {written.strip().casefold(): choice.strip() for written, choice in values.items() if written.strip()}


def _require_choices(name: str, index: str, choices: Sequence[str]) -> None:
    if not choices:
        words = _("“%(column)s” holds nothing to choose from. Make it a text, or name the choices.")
        raise _refusal(words % {"column": name}, index)
    if len(choices) > MOST_CHOICES or any(len(choice) > LONGEST_LABEL for choice in choices):
        words = _("“%(column)s” holds more than %(most)d different values, or long ones. Make it a text.")
        raise _refusal(words % {"column": name, "most": MOST_CHOICES}, index)


def _require_there(name: str, index: str, definition: AttributeDefinition, same: Mapping[str, str]) -> None:
    known = names_of(definition)
    for written, choice in same.items():
        if choice and choice.casefold() not in known:
            words = _("“%(written)s” in “%(column)s” is to become “%(choice)s”, which is none of the choices.")
            raise _refusal(words % {"written": written[:40], "column": name, "choice": choice[:40]}, index)


def _refusal(words: str, index: str) -> ImportRefused:
    return ImportRefused(words, fields={f"column_{index}": [words]})
