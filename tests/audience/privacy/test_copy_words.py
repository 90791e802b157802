"""The page in a copy of a person's data is written for the person."""

import io
import json
import zipfile
from datetime import datetime

from audience.disclosing.words import LABELS, label_of
from audience.services.privacy import disclose
from tests.factories.privacy import vera
from workspaces.models import Member


def test_every_field_has_words_on_the_page(lead: Member, now: datetime) -> None:
    with zipfile.ZipFile(io.BytesIO(disclose(contact=vera(lead, now), by=lead, now=now))) as archive:
        document, page = json.loads(archive.read("person.json")), archive.read("person.html").decode()

    fields = {name for section in document["sections"].values() for row in section for name in row}
    assert fields - {"key", "label"} <= set(LABELS)
    assert "<dt>The words that were agreed to</dt>" in page
    assert "<dt>Key</dt>" not in page


def test_a_field_without_words_is_spelled_out() -> None:
    assert label_of("shoe_size") == "Shoe size"
