"""What the page of an import asks about columns: what they become, and what their values mean where one can choose."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.imports import (
    ATTRIBUTE,
    CHOOSING,
    CONTACT_COLUMNS,
    NEW,
    NEW_KINDS,
    SKIP,
    chosen_columns,
    unknown_values,
    values_found,
)
from audience.models import AttributeDefinition, ContactImport
from audience.services.attributes import MOST_CHOICES

NOT_TAKEN, LEFT_OUT, ADDED, MEANS = "!", "-", "+", "="
"""What a value becomes: its row is refused, its cell left out, it becomes a choice, or `=` and the choice it means."""

Choice = tuple[str, str]
"""The label of a choice, and that in the reader's language."""


def targets_of(
    attributes: Mapping[str, AttributeDefinition], labels: Mapping[str, Any], *, has_name: bool
) -> list[tuple[str, Any]]:
    """What a column can become, by group; a column without a name can become no new attribute."""
    groups: list[tuple[Any, Any]] = [
        (SKIP, _("Leave out")),
        (_("Contact"), [(name, labels[name]) for name in CONTACT_COLUMNS]),
    ]
    if attributes:
        known = [(f"{ATTRIBUTE}{key}", found.shown_label) for key, found in attributes.items()]
        groups.append((_("Attributes"), known))
    if has_name:
        groups.append((_("New attribute of this name"), [(f"{NEW}{kind}", kind.label) for kind in NEW_KINDS]))
    return groups


class ChoiceFields:
    """For each column that becomes an attribute of choices: the choices of a new one, and what else its values mean.

    `targets` says what the columns become by number; `sent` is what was posted, None before.
    """

    def __init__(
        self,
        found: ContactImport,
        attributes: Mapping[str, AttributeDefinition],
        targets: Mapping[str, str],
        sent: Any,
    ) -> None:
        self.fields: dict[str, forms.Field] = {}
        self._written: dict[str, tuple[str, str]] = {}
        self._found, self._sent = found, sent
        usable = {index: target for index, target in targets.items() if _is_there(target, attributes)}
        looked_at = _with_mapping(found, usable)
        for index, values in unknown_values(looked_at, attributes).items():
            known = attributes[usable[index].removeprefix(ATTRIBUTE)]
            choices = [(str(choice["label"]), known.choice_label(choice["key"])) for choice in known.choices]
            self._ask_about(index, values, choices, may_add=True)
        columns = chosen_columns(looked_at, attributes)
        self._ask_for_choices({index: column for index, column in columns.items() if usable[index] in CHOOSING})

    def _ask_for_choices(self, columns: Mapping[str, AttributeDefinition]) -> None:
        values = values_found(self._found, columns) if columns else {}
        for index in columns:
            same = self._found.same_values.get(index, {})
            proposed = [value for value in values[index] if value.casefold() not in same]
            labels = self._found.new_choices.get(index) or proposed[:MOST_CHOICES]
            name = f"choices_{index}"
            self.fields[name] = forms.CharField(
                label=_("Choices of “%(column)s”") % {"column": self._found.header[int(index)]},
                required=False,
                initial="\n".join(labels),
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text=_("One a line, as found in the file. Take a misspelling out, and say then what it means."),
            )
            if self._sent is not None and name in self._sent:
                labels = [line.strip() for line in self._sent[name].splitlines() if line.strip()]
            named = {label.casefold() for label in labels}
            others = [value for value in values[index] if value.casefold() not in named]
            self._ask_about(index, others[:MOST_CHOICES], [(label, label) for label in labels], may_add=False)

    def _ask_about(self, index: str, values: Sequence[str], choices: Sequence[Choice], *, may_add: bool) -> None:
        """One question a value that is no choice."""
        same, added = self._found.same_values.get(index, {}), self._found.new_choices.get(index, ())
        options: list[tuple[str, Any]] = [(NOT_TAKEN, _("Rows with it are not taken")), (LEFT_OUT, _("Leave it empty"))]
        options += [(ADDED, _("Add it to the choices"))] if may_add else []
        options += [(f"{MEANS}{label}", _("Means “%(choice)s”") % {"choice": shown}) for label, shown in choices]
        for value in values:
            name = f"same_{index}_{blake2b(value.casefold().encode(), digest_size=6).hexdigest()}"
            self._written[name] = (index, value)
            label = _("“%(value)s” is none of the choices") % {"value": value[:60]}
            initial = ADDED if may_add and value in added else _answer(same.get(value.casefold()))
            self.fields[name] = forms.ChoiceField(label=label, choices=options, initial=initial)

    def names_of(self, index: str) -> list[str]:
        """The names of the fields about a column."""
        return [name for name in self.fields if name == f"choices_{index}" or name.startswith(f"same_{index}_")]

    def new_choices(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        chosen = {
            name.removeprefix("choices_"): data[name].splitlines()
            for name in self.fields
            if name.startswith("choices_")
        }
        for name, (index, value) in self._written.items():
            if data[name] == ADDED:
                chosen.setdefault(index, []).append(value)
        return chosen

    def same_values(self, data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        said: dict[str, dict[str, str]] = {}
        for name, (index, value) in self._written.items():
            if data[name] == LEFT_OUT or data[name].startswith(MEANS):
                said.setdefault(index, {})[value] = "" if data[name] == LEFT_OUT else data[name].removeprefix(MEANS)
        return said


def _answer(choice: str | None) -> str:
    return NOT_TAKEN if choice is None else f"{MEANS}{choice}" if choice else LEFT_OUT


def _is_there(target: str, attributes: Mapping[str, AttributeDefinition]) -> bool:
    return target in CHOOSING or (target.startswith(ATTRIBUTE) and target.removeprefix(ATTRIBUTE) in attributes)


def _with_mapping(found: ContactImport, mapping: Mapping[str, str]) -> ContactImport:
    """The same import as if these were its columns, and nothing had been added to choose from yet; not to be saved."""
    looked_at = ContactImport(workspace=found.workspace, mapping=dict(mapping), header=found.header)
    for name in ("file", "kind", "is_gzip", "encoding", "delimiter", "size"):
        setattr(looked_at, name, getattr(found, name))
    return looked_at
