"""The copy of a person's data as a file."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.timezone import localtime

from audience.disclosing import FORMAT, sections
from audience.disclosing.words import label_of
from audience.models import Contact
from emailops.lib.languages import speaking_to
from workspaces.models import Language

Document = dict[str, Any]


def person_document(contact: Contact, now: datetime) -> Document:
    """Everything about the person as JSON: sections by key, each a list of records. Numbers of money are text."""
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "controller": contact.workspace.name,
        "sections": {section.key: [_plain(dict(row)) for row in section.records(contact)] for section in sections()},
    }


def person_archive(contact: Contact, now: datetime) -> bytes:
    """A ZIP with `person.json` and `person.html`, the latter in the person's language or the workspace's."""
    document = person_document(contact, now)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(document, ensure_ascii=False, indent=2))
        archive.writestr("person.html", _page(contact, now))
    return packed.getvalue()


def _plain(value: Any) -> Any:
    """As JSON has it: moments in ISO 8601, money as text."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _page(contact: Contact, now: datetime) -> str:
    language = contact.language if contact.language in Language.values else contact.workspace.language
    with speaking_to(language):
        shown = [
            {"label": section.label, "rows": [_lines(row) for row in section.records(contact)]}
            for section in sections()
        ]
        context = {"contact": contact, "sections": shown, "made_at": now}
        return render_to_string("audience/person_copy.html", context)


def _lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A record as lines of a label and words; what is empty is left out. What has a label of its own is one line."""
    if row.keys() == {"key", "label", "value"}:
        return [(str(row["label"]), _words(row["value"]))]
    return [(label_of(name), _words(value)) for name, value in row.items() if _is_said(value)]


def _is_said(value: Any) -> bool:
    return value not in (None, "", [], {})


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_words(inner)}" for key, inner in value.items() if _is_said(inner))
    if isinstance(value, list | tuple):
        return " | ".join(_words(inner) for inner in value)
    return str(localize(localtime(value) if isinstance(value, datetime) else value))
