"""Which attributes the columns of an import become, with all that one can choose from in them."""

from collections.abc import Iterable, Mapping
from copy import copy

from audience.imports.mapping import ATTRIBUTE, NEW
from audience.models import AttributeDefinition, AttributeKind, ContactImport

CHOSEN_KINDS = frozenset({AttributeKind.CHOICE, AttributeKind.LIST})


def attributes_of(
    found: ContactImport, attributes: Mapping[str, AttributeDefinition]
) -> dict[str, AttributeDefinition]:
    """For each column number that becomes an attribute, its definition; one that is yet to be made is not saved.

    Choices that one which is there is yet to get stand in a copy of it; once the import has begun they are its own.
    """
    is_ahead = found.is_dry_run or found.can_be_started
    made: dict[str, AttributeDefinition] = {}
    for index, target in found.mapping.items():
        if target.startswith(ATTRIBUTE):
            more = found.new_choices.get(index, ()) if is_ahead else ()
            made[index] = with_choices(attributes[target.removeprefix(ATTRIBUTE)], more)
        elif target.startswith(NEW):
            made[index] = to_be_made(found, index, target, found.new_choices.get(index, ()))
    return made


def to_be_made(found: ContactImport, index: str, target: str, choices: Iterable[str]) -> AttributeDefinition:
    """The attribute that a column makes."""
    return AttributeDefinition(
        workspace=found.workspace,
        key=f"column_{index}",
        label=found.header[int(index)][:80],
        kind=target.removeprefix(NEW),
        choices=[{"key": label, "label": label} for label in choices],
    )


def with_choices(definition: AttributeDefinition, labels: Iterable[str]) -> AttributeDefinition:
    """The attribute with more to choose from, not saved; itself where it names all of them already."""
    known = names_of(definition)
    more = [{"key": label, "label": label} for label in labels if label.casefold() not in known]
    if not more:
        return definition
    wider = copy(definition)
    wider.choices = [*definition.choices, *more]
    return wider


def names_of(definition: AttributeDefinition) -> set[str]:
    """All by which its choices can be named, in small letters."""
    return {
        name.casefold()
        for choice in definition.choices
        for name in (choice["key"], choice["label"], *choice.get("labels", {}).values())
    }


def still_meant(
    mapping: Mapping[str, str], attributes: Mapping[str, AttributeDefinition], same: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Of what written values were taken for once, that which can still be chosen."""
    kept: dict[str, dict[str, str]] = {}
    for index, values in same.items():
        definition = attributes.get(mapping.get(index, "").removeprefix(ATTRIBUTE))
        known = names_of(definition) if definition else set()
        if definition:
            kept[index] = {w: choice for w, choice in values.items() if not choice or choice.casefold() in known}
    return kept
