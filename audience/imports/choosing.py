"""What one can choose from in an attribute that a column becomes: taken from the values found, corrected by hand."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from audience.attributes import parts_of
from audience.imports.files import opened
from audience.imports.mapping import CHOOSING, NEW, ImportRefused
from audience.models import AttributeKind, ContactImport
from audience.services.attributes import LONGEST_LABEL, MOST_CHOICES
from emailops.lib.csvfile import rearmed

SEVERAL = f"{NEW}{AttributeKind.LIST}"


def new_choices(
    found: ContactImport, mapping: Mapping[str, str], given: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """For each column that becomes an attribute of choices, what was given, or else what is found in the file.

    Raises `ImportRefused` for a column with none, or with more different values than an attribute has choices.
    """
    columns = [index for index, target in mapping.items() if target in CHOOSING]
    chosen = {index: _different(given[index]) for index in columns if given.get(index)}
    missing = [index for index in columns if index not in chosen]
    if missing:
        chosen |= values_found(found, {index: mapping[index] for index in missing})
    for index in columns:
        _require_choices(found.header[int(index)], index, chosen[index])
    return {index: chosen[index] for index in columns}


def values_found(found: ContactImport, columns: Mapping[str, str]) -> dict[str, list[str]]:
    """The different values of these columns, in the order of the file; at most one more than can be choices.

    Reads the file once. `columns` says what each becomes: cells of several values are divided.
    """
    values: dict[str, dict[str, str]] = {index: {} for index in columns}
    with opened(found) as (_file, table):
        for row in table.rows:
            for index, target in columns.items():
                cell = rearmed(row.cells[int(index)].strip()) if int(index) < len(row.cells) else ""
                for value in parts_of(cell) if target == SEVERAL else [cell]:
                    if value and len(values[index]) <= MOST_CHOICES:
                        values[index].setdefault(value.casefold(), value)
    return {index: list(different.values()) for index, different in values.items()}


def _different(given: Iterable[str]) -> list[str]:
    different: dict[str, str] = {}
    for label in given:
        different.setdefault(label.strip().casefold(), label.strip())
    return [label for label in different.values() if label]


def _require_choices(name: str, index: str, choices: Sequence[str]) -> None:
    field = f"column_{index}"
    if not choices:
        words = _("“%(column)s” holds nothing to choose from. Make it a text, or name the choices.")
        raise ImportRefused(words % {"column": name}, fields={field: [words % {"column": name}]})
    if len(choices) > MOST_CHOICES or any(len(choice) > LONGEST_LABEL for choice in choices):
        words = _("“%(column)s” holds more than %(most)d different values, or long ones. Make it a text.")
        said = words % {"column": name, "most": MOST_CHOICES}
        raise ImportRefused(said, fields={field: [said]})
