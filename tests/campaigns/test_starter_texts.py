"""Texts to begin with."""

from campaigns.liquid import html_template, text_template
from campaigns.models import ContentFormat
from campaigns.rendering import template_from_source
from campaigns.starter_texts import IN_ORDER, starter_text, starter_texts
from workspaces.models import Language


def test_every_starter_is_a_whole_mail_without_errors() -> None:
    for starter in starter_texts("en"):
        assert starter.title
        assert starter.about
        assert len(starter.subject) <= 70
        assert starter.preheader
        text_template(starter.subject)
        html = template_from_source(
            written_as=ContentFormat.MARKDOWN, source=starter.source, preheader=starter.preheader, language="en"
        )
        filled = html_template(html).fill({"workspace": {"name": "Maren & Moss"}})
        assert "{{" not in filled
        assert "Maren &amp; Moss" in filled


def test_they_come_in_order_and_a_language_without_them_gets_english() -> None:
    assert [starter.key for starter in starter_texts("en")] == list(IN_ORDER)
    assert all(len(starter_texts(language)) == len(IN_ORDER) for language in Language.values)


def test_only_known_keys_open_a_file() -> None:
    assert starter_text("../models", "en") is None
    assert starter_text("", "en") is None
