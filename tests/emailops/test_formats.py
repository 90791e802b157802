"""Dates and numbers in each language of the interface."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.utils import translation

MOMENT = datetime(2026, 5, 8, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "8 May 2026|8 May 2026, 21:05|8 May|1,234,567.5"),
        ("ru", "8 мая 2026 г.|08.05.2026 21:05|8 мая|1\u00a0234\u00a0567,5"),
        ("bg", "8 май 2026|08.05.2026 21:05|8 май|1\u00a0234\u00a0567,5"),
    ],
)
def test_every_language_has_its_notation(language: str, shown: str) -> None:
    template = Template(
        '{{ at|date:"DATE_FORMAT" }}|{{ at|date:"SHORT_DATETIME_FORMAT" }}|{{ at|date:"MONTH_DAY_FORMAT" }}|'
        "{{ number|intcomma }}"
    )

    with translation.override(language):
        assert template.render(Context({"at": MOMENT, "number": 1234567.5})).lower() == shown.lower()
