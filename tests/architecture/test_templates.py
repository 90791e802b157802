"""Pages obey the content security policy and speak the reader's language; their icons exist."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture.markup import inline_code, untranslated
from tests.architecture.sources import ROOT, files, product_modules, text_of, tree_of, words_in

TEMPLATES = files(".html", under=("templates/",))
LETTERS = files(".txt", under=("templates/",))
MAILS = ("templates/emails/", "templates/account/email/")
"""Mail readers apply no style sheet of ours: what a mail looks like stands in its attributes."""

PARTS_OF_MAILS = {
    "templates/campaigns/layout.html",
    "templates/campaigns/button.html",
    "templates/campaigns/scale.html",
    "templates/campaigns/preheader.html",
    "templates/audience/no_form_mail.html",
    "templates/campaigns/no_preview.html",
}
"""The frame of every campaign, which is a mail too, and what stands in the preview's frame in its place."""

KEPT_FILES = {"templates/audience/person_copy.html"}
"""A page that people keep as a file, where none of our style sheets is beside it."""


def _is_mail(path: Path) -> bool:
    return str(path).startswith(MAILS) or str(path) in PARTS_OF_MAILS


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES if not _is_mail(path) and str(path) not in KEPT_FILES], ids=str
)
def test_no_page_holds_a_script_a_style_or_a_handler(path: Path) -> None:
    assert list(inline_code(text_of(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<p style='color: red'>",
        '<p {% if a %}style="color: red"{% endif %}>',
        "<style>p { color: red }</style>",
        '<button onclick="go()">',
    ],
)
def test_a_page_that_breaks_the_policy_is_found(source: str) -> None:
    assert len(list(inline_code(source))) == 1


def test_scripts_and_styles_of_files_are_fine() -> None:
    source = """<script src="{% static 'js/app.js' %}" defer></script><link rel="stylesheet" href="app.css">"""

    assert list(inline_code(source)) == []


def test_layers_of_the_style_sheet_are_closed_before_the_next() -> None:
    """A layer that is left open swallows those after it, which then no longer win where they should."""
    depth, layers, nested = 0, 0, []
    for line in (ROOT / "static/css/app.css").read_text().splitlines():
        if line.startswith("@layer") and line.endswith("{"):
            layers += 1
            nested += [line] if depth else []
        depth += line.count("{") - line.count("}")

    assert layers > 5
    assert (depth, nested) == (0, [])


def test_mails_run_no_script_either() -> None:
    scripted = [str(path) for path in TEMPLATES if "<script" in text_of(path) and _is_mail(path)]

    assert scripted == []


INSIDE_A_TAG = [path for path in TEMPLATES if path.name.endswith("_attrs.html")]
"""Templates that render the attributes of an element, and so hold no text."""


@pytest.mark.parametrize("path", sorted({*TEMPLATES, *LETTERS} - {*INSIDE_A_TAG}), ids=str)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    assert list(untranslated(text_of(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        "{% if a %}Hello{% endif %}",
        '<input placeholder="Your name">',
        '<a aria-label="Close" href="{{ url }}">{% icon "x" %}</a>',
        '{% include "components/_empty.html" with title="Nothing here" %}',
        "{% blocktranslate %}Fine{% endblocktranslate %} but not this",
    ],
)
def test_a_word_that_no_translator_sees_is_found(source: str) -> None:
    assert len(list(untranslated(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        '{% translate "Hello" %} · {{ name }}: 12 %',
        "{% blocktranslate with name=x %}Hello {{ name }}{% endblocktranslate %}",
        '<a class="btn" href="{% url "home" %}"{% if a %} aria-current="page"{% endif %}>{{ label }}</a>',
        '<a aria-label="{% translate "Close" %}">',
        '{% include "components/_empty.html" with title=_("Nothing here") icon_name="x" %}',
        "{% comment %}Not shown{% endcomment %}{# nor this #}<code>GET /api/v1/</code>",
    ],
)
def test_what_is_translated_or_no_language_is_fine(source: str) -> None:
    assert list(untranslated(source)) == []


NUMBER_OF_A_ROW = re.compile(r"\{\{\s*([\w.]*\b(?:pk|id|(?!auto_id|external_id)\w+_id))\s*\}\}")


def numbers_with_separators(source: str) -> list[str]:
    """Numbers of rows written for people: from a thousand on, `?story={{ story.pk }}` would say `?story=1,551`."""
    return NUMBER_OF_A_ROW.findall(source)


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_the_number_of_a_row_is_written_for_machines(path: Path) -> None:
    assert numbers_with_separators(text_of(path)) == []


def test_a_number_of_a_row_with_separators_is_found() -> None:
    source = (
        "{{ story.pk }} {{ found.list_id }} {{ story.pk|unlocalize }} {{ field.auto_id }} {% url 'x' pk=story.pk %}"
    )

    assert numbers_with_separators(source) == ["story.pk", "found.list_id"]


ICONS = ROOT / "static" / "icons"
NAMED = re.compile(r"""\{%\s*icon\s+["']([^"']+)["']|\bicon(?:_name)?=["']([^"']+)["']""")


def _named_in_template(source: str) -> Iterator[str]:
    for found in NAMED.finditer(source):
        yield found.group(1) or found.group(2)


def _named_in_python(trees: Iterable[ast.Module]) -> set[str]:
    """Icons handed to something that has an `icon`, by keyword or position."""
    trees = list(trees)
    places = dict(place for tree in trees for place in _places_of_icons(tree))
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found: set[str] = set()
    for call in calls:
        given = [key.value for key in call.keywords if key.arg == "icon"]
        place = places.get(call.func.id) if isinstance(call.func, ast.Name) else None
        given += call.args[place : place + 1] if place is not None else []
        found.update(_plain(argument) for argument in given)
    return found - {""}


def _plain(argument: ast.expr) -> str:
    """A word that is written out; nothing for a variable or a call."""
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def _places_of_icons(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Classes with a field `icon`, and where it stands among their arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = [part.target.id for part in node.body if _is_field(part)]  # type: ignore[attr-defined]  # asked by _is_field
            if "icon" in fields:
                yield node.name, fields.index("icon")


def _is_field(part: ast.stmt) -> bool:
    return isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)


def _drawn() -> set[str]:
    return {path.stem for path in ICONS.glob("*.svg")}


def test_every_icon_that_is_named_is_drawn() -> None:
    named = {name for path in TEMPLATES for name in _named_in_template(text_of(path))}
    named |= _named_in_python(tree_of(module) for module in product_modules())

    assert len(named) > 50
    assert named - _drawn() == set()


def test_every_icon_that_is_drawn_is_listed_and_used() -> None:
    listed = (ICONS / "icons.txt").read_text().split()
    python = {word for module in product_modules() for word in words_in(tree_of(module))}
    used = {name for path in TEMPLATES for name in re.findall(r"""["']([a-z0-9-]+)["']""", text_of(path))} | python

    assert listed == sorted(set(listed))
    assert set(listed) == _drawn()
    assert set(listed) - used == set()


def test_icons_are_found_wherever_they_are_named() -> None:
    template = """{% icon "gone-1" "i--sm" %}{% include "_x.html" with icon_name="gone-2" %}"""
    python = "class Entry:\n    key: str\n    icon: str\nEntry('a', 'gone-3')\nLink('b', icon='gone-4')"

    found = {*_named_in_template(template), *_named_in_python([ast.parse(python)])}

    assert found == {"gone-1", "gone-2", "gone-3", "gone-4"}
