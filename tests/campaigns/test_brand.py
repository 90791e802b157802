"""The look of mails: readable in light and in dark."""

from datetime import datetime

import pytest

from campaigns.brand import MOSS, Palette, brand_for, element_styles
from campaigns.liquid import html_template
from campaigns.models import ContentFormat
from campaigns.rendering import template_from_source
from workspaces.brand.colours import READABLE as READABLE_WORDS
from workspaces.brand.services import BrandChange, change_brand
from workspaces.models import Member, Workspace

READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [MOSS.light, MOSS.dark], ids=["light", "dark"])
def test_every_text_can_be_read(palette: Palette) -> None:
    pairs = [
        (palette.ink, palette.sheet),
        (palette.soft, palette.sheet),
        (palette.accent, palette.sheet),
        (palette.note, palette.ground),
        (palette.on_accent, palette.accent),
    ]

    assert min(_contrast(text, ground) for text, ground in pairs) >= READABLE


def test_styles_are_fit_for_an_attribute_in_double_quotes() -> None:
    assert not any('"' in style for style in element_styles(MOSS).values())


def test_without_a_brand_mails_look_as_ever(workspace: Workspace) -> None:
    assert brand_for(workspace) == MOSS


@pytest.mark.parametrize("colour", ["#2f4fd6", "#ffd500", "#101010", "#f5f5f5", "#c2185b"])
def test_a_mail_takes_the_workspaces_colour_as_far_as_it_can_be_read(
    colour: str, workspace: Workspace, lead: Member, now: datetime
) -> None:
    change_brand(workspace=workspace, change=BrandChange(colour=colour), by=lead, now=now)

    brand = brand_for(workspace)

    for palette in (brand.light, brand.dark):
        pairs = [(palette.accent, palette.sheet), (palette.on_accent, palette.accent)]
        assert min(_contrast(*pair) for pair in pairs) >= READABLE_WORDS
    assert brand.light.accent in _mail(workspace)


def test_a_name_for_readers_stands_at_the_head_and_is_no_template(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    change_brand(workspace=workspace, change=BrandChange(name="Moss & {{ contact.email }}"), by=lead, now=now)

    html = html_template(_mail(workspace)).fill({"contact": {"email": "ann@example.org"}})

    assert "Moss &amp; &#123;&#123; contact.email }}" in html
    assert "ann@example.org" not in html


def _mail(workspace: Workspace) -> str:
    brand = brand_for(workspace)
    given = {"written_as": ContentFormat.MARKDOWN, "preheader": "", "language": "en"}
    return template_from_source(source="[Shop](https://shop.example/)", brand=brand, **given)
