"""The style sheet says what it means: a brace that is missing would move all that follows into a layer below."""

from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT


def inner_layers(style: str) -> Iterator[str]:
    """Layers that begin inside of a block, and `end` if a block is open at the end."""
    depth = 0
    for line in style.splitlines():
        if line.startswith("@layer") and depth:
            yield line
        depth += line.count("{") - line.count("}")
    if depth:
        yield "end"


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("@layer parts {\n  a { b: c }\n}\n@layer pages {\n}", []),
        ("@layer parts {\n  a { b: c }\n\n@layer pages {\n}", ["@layer pages {", "end"]),
    ],
)
def test_a_layer_within_another_is_found(style: str, found: list[str]) -> None:
    assert list(inner_layers(style)) == found


def test_every_layer_of_the_style_sheet_stands_by_itself() -> None:
    assert list(inner_layers((ROOT / "static/css/app.css").read_text())) == []
