"""Whether what the columns are to become makes something of the rows, whatever these are."""

from collections.abc import Mapping, Sequence

from audience.imports.facts import guess_facts, require_usable_facts
from audience.imports.mapping import ImportRefused, guess_mapping, require_usable_people
from audience.models import AttributeDefinition, ImportWhat

Attributes = Mapping[str, AttributeDefinition]


def guess_columns(
    header: Sequence[str], attributes: Attributes, rows: Sequence[Sequence[str]], what: ImportWhat
) -> dict[str, str]:
    """For each column number, as text, what it most likely holds."""
    return guess_mapping(header, attributes, rows) if what == ImportWhat.PEOPLE else guess_facts(header, what)


def require_usable(mapping: Mapping[str, str], attributes: Attributes, what: ImportWhat = ImportWhat.PEOPLE) -> None:
    """Raises `ImportRefused` unless the columns make people, orders or events."""
    if what == ImportWhat.PEOPLE:
        require_usable_people(mapping, attributes)
    else:
        require_usable_facts(mapping, what)


def usable_again(mapping: Mapping[str, str], attributes: Attributes, what: ImportWhat) -> bool:
    """Whether what was once chosen still stands."""
    try:
        require_usable(mapping, attributes, what)
    except ImportRefused:
        return False
    return True
