"""Contacts, orders and events from a file, the part that people see: upload, match the columns, check, start, cancel.

`audience.intake` takes the rows in a worker.
"""

from audience.imports.becoming import CHOSEN_KINDS, attributes_of
from audience.imports.choosing import chosen_columns, unknown_values, values_found
from audience.imports.files import LARGEST_FILE, open_import, opened, read_differently, sample_rows
from audience.imports.mapping import (
    ATTRIBUTE,
    CHOOSING,
    CONTACT_COLUMNS,
    NEW,
    NEW_KINDS,
    SKIP,
    ImportRefused,
    guess_mapping,
)
from audience.imports.starting import ImportChoices, cancel_import, choices_of, start_import
from audience.imports.usable import require_usable

__all__ = [
    "ATTRIBUTE",
    "CHOOSING",
    "CHOSEN_KINDS",
    "CONTACT_COLUMNS",
    "LARGEST_FILE",
    "NEW",
    "NEW_KINDS",
    "SKIP",
    "ImportChoices",
    "ImportRefused",
    "attributes_of",
    "cancel_import",
    "choices_of",
    "chosen_columns",
    "guess_mapping",
    "open_import",
    "opened",
    "read_differently",
    "require_usable",
    "sample_rows",
    "start_import",
    "unknown_values",
    "values_found",
]
