"""Liquid: what it may, what it may not, and what it says when something is wrong."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.liquid import RenderFailed, TemplateRefused, html_template, text_template

ANN = {"contact": {"first_name": "<Ann> & \"co\" 'x'", "attributes": {"city": "Sofia"}}}


def test_values_are_escaped_in_html_and_left_alone_in_text() -> None:
    source = "{{ contact.first_name }}"

    html, text = html_template(source).fill(ANN), text_template(source).fill(ANN)

    assert html == "&lt;Ann&gt; &amp; &#34;co&#34; &#39;x&#39;"
    assert text == "<Ann> & \"co\" 'x'"


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.first_name | append: '' }}",
        "{{ contact.first_name | split: '|' | join: '' }}",
        "{% assign name = contact.first_name %}{{ name }}",
        "{% capture name %}{{ contact.first_name }}{% endcapture %}{{ name }}",
        "{{ contact.first_name | url_encode | url_decode }}",
        "{{ contact.first_name | base64_encode | base64_decode }}",
        "{% for letter in contact.first_name %}{{ letter }}{% endfor %}",
        "{{ contact }}",
        "{{ contact.nothing | default: contact.first_name }}",
    ],
)
def test_no_detour_gets_markup_of_a_value_into_html(source: str) -> None:
    filled = html_template(source).fill(ANN)

    assert "<Ann>" not in filled
    assert "&lt;Ann&gt;" in filled


@given(st.text())
def test_whatever_a_contact_is_called_no_tag_comes_of_it(name: str) -> None:
    filled = html_template("{{ contact.first_name }}").fill({"contact": {"first_name": name}})

    assert "<" not in filled
    assert '"' not in filled


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.__class__ }}",
        "{{ contact.first_name.__class__.__mro__ }}",
        "{{ contact['__class__'] }}",
        "{{ contact.items }}",
        "{{ contact.keys }}",
        "{{ contact.first_name.upper }}",
        "{{ contact.attributes.__init__.__globals__ }}",
        "{{ self }}{{ this }}{{ settings }}",
    ],
)
def test_a_template_cannot_reach_python(source: str) -> None:
    assert html_template(source).fill(ANN) == ""


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("a\nb\n{{ contact.first_name | shout }}", 3, "there is no filter “shout”"),
        ("a\n\n{% if contact.first_name %}b", 3, "“{% endif %}” is missing"),
        ("a\n{% unless x %}{% if y %}{% endif %}\n", 2, "“{% endunless %}” is missing"),
        ("a\n{{ contact.first_name | }}", 2, "something is missing before the end of the braces"),
        ("a\n{% if contact.first_name == %}b{% endif %}", 2, "something is missing before the end of the braces"),
        ("{{ contact.first_name }}\n{{ contact", 2, "“}}” is missing"),
        ("\n\n{% foo %}", 3, "“{% foo %}” makes no sense here"),
        ("a\n{% endif %}", 2, "“{% endif %}” makes no sense here"),
        ("\n{% include 'secrets' %}", 2, "“{% include %}” makes no sense here"),
        ("{{ contact.first_name | safe }}", 1, "there is no filter “safe”"),
        ("x\n{% liquid\n if a %}", 2, "“{% endif %}” is missing"),
    ],
)
def test_an_error_names_its_line_and_what_is_wrong(source: str, line: int, words: str) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        html_template(source)

    assert str(refusal.value) == f"Line {line}: {words}."


def test_a_text_nested_beyond_reason_is_refused_as_any_other_error() -> None:
    with pytest.raises(TemplateRefused):
        html_template("{{ " + "a[" * 3000 + "]" * 3000 + " }}")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{% for i in (1..1000000000) %}x{% endfor %}", "loops go round too often"),
        ("{% for i in (1..5000) %}{% for j in (1..5000) %}x{% endfor %}{% endfor %}", "loops go round too often"),
        ("{% tablerow i in (1..1000000000) %}x{% endtablerow %}", "loops go round too often"),
        ("{% for i in (1..9999) %}" + "x" * 200 + "{% endfor %}", "longer than a mail can be"),
        ("{% assign x = 'aaaaaaaaaa' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}", "too much"),
        ("{{ (1..1000000000) | join: ',' }}", "range is too long"),
        ("{{ 'a' | split: '' | concat: (1..1000000000) }}", "range is too long"),
        ("{{ (1..9000) | join: '" + "x" * 200 + "' }}", "result is too long"),
        ("{{ '" + "a" * 5000 + "' | replace: 'a', '" + "b" * 500 + "' }}", "result is too long"),
        ("{{ 1 | divided_by: 0 }}", "divide by 0"),
        ("{{ 1.5 | modulo: 0.0 }}", "does not take this value"),
        ("{{ '1e999' | floor }}", "does not take this value"),
        ("{{ '/w==' | base64_decode }}", "does not take this value"),
        ("{{ contact.first_name | slice: 'x' }}", "expected an integer"),
    ],
)
def test_what_grows_or_fails_is_refused_in_words_and_soon(source: str, why: str) -> None:
    template = html_template(source)

    with pytest.raises(RenderFailed, match=why):
        template.fill(ANN)


def test_lists_that_double_themselves_are_stopped() -> None:
    source = (
        "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..12) %}{% assign x = x | append: x %}{% endfor %}"
        "{% assign list = x | split: '~' %}{% for i in (1..30) %}{% assign list = list | concat: list %}{% endfor %}"
    )

    with pytest.raises(RenderFailed):
        html_template(source).fill({})


@given(st.text(alphabet="{}% |'\"contacfirsme.[]()1ßэ\n:,=", max_size=60))
def test_any_text_is_a_template_or_is_refused(source: str) -> None:
    with suppress(TemplateRefused, RenderFailed):
        html_template(source).fill(ANN)


def test_what_a_template_asks_for_is_known_without_filling_it() -> None:
    template = html_template(
        "{{ contact.first_name }}{% if contact.attributes.city %}{{ unsubscribe_url }}{% endif %}"
        "{% assign mine = 1 %}{{ mine }}{% for i in (1..2) %}{{ forloop.index }}{% endfor %}"
    )

    asked = set(template.paths())

    assert asked == {"contact.first_name", "contact.attributes.city", "unsubscribe_url"}


def test_a_reader_without_a_name_gets_the_fallback() -> None:
    template = text_template("Hello {{ contact.first_name | default: 'friend' }}")
    nobody: dict[str, Any] = {"contact": {"first_name": ""}}

    assert template.fill(nobody) == "Hello friend"
