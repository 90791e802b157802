"""A copy of everything about one person (GDPR articles 15 and 20): each app says what it knows.

The copy is a ZIP: `person.json` for programs, in the form described in docs/privacy.md, and `person.html` for people,
in the person's language. Notes of colleagues and entries of the audit log are among it: they are about the person.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from audience.models import Contact

FORMAT = "emailops.person/1"

Record = Mapping[str, Any]
"""One thing about the person: names of fields, in English and for ever, and values as JSON has them."""


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of data: its name in the file, its heading, and its records, oldest first."""

    key: str
    label: "str | Promise"
    records: Callable[[Contact], Iterable[Record]]


_sections: dict[str, Section] = {}


def register_section(section: Section) -> None:
    """Add what an app knows of a person. Sections come in the order in which they were registered."""
    _sections[section.key] = section


def sections() -> list[Section]:
    return list(_sections.values())
