"""A compiled template says what python-liquid says, or leaves it to python-liquid."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples

from campaigns.compiled import STUMBLES, Memo, compile_program, compile_text
from campaigns.liquid import RenderFailed, Template, TemplateRefused, html_template, text_template
from tests.campaigns.compiled.templates import CONTEXTS, context_for, templates

MANY = examples(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
ANN = context_for(
    {
        "contact": {
            "first_name": "Ann & Co", "last_name": "", "full_name": "Ann", "email": "ann@example.org",
            "attributes": {
                "city": "Sofia", "points": 7, "vip": True, "when": "2026-12-01", "tags": ["a", "b", "c"],
                "order": {"a": 1, "x y": 2}, "note": "city",
            },
        }
    }
)  # fmt: skip


def _parsed(source: str, *, html: bool = True) -> Template | None:
    try:
        return html_template(source) if html else text_template(source)
    except TemplateRefused:
        return None


def _filled(template: Template, context: dict[str, Any]) -> str | None:
    try:
        return template.fill(context)
    except RenderFailed:
        return None


@MANY
@given(source=templates(), contact=CONTEXTS)
def test_compiled_html_is_what_the_template_gives(source: str, contact: dict[str, Any]) -> None:
    template, context = _parsed(source), context_for(contact)
    program = compile_program(template, str, {}) if template else None
    if template is None or program is None:
        return
    expected = _filled(template, context)

    try:
        drawn = "".join(program.draw(context))
        _ways, values = program.trace(context)
    except STUMBLES:
        drawn = None

    assert drawn == expected
    assert drawn is None or all(value in drawn for value in values)


@MANY
@given(source=templates(), contact=CONTEXTS)
def test_a_compiled_text_is_what_the_template_gives(source: str, contact: dict[str, Any]) -> None:
    template, context = _parsed(source, html=False), context_for(contact)
    write = compile_text(template) if template else None
    if template is None or write is None:
        return
    expected = _filled(template, context)

    try:
        written = write(context)
    except STUMBLES:
        written = None

    assert written == expected


@MANY
@given(source=templates(), one=CONTEXTS, other=CONTEXTS)
def test_mails_with_the_same_trace_are_the_same(source: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    template = _parsed(source)
    program = compile_program(template, str, {}) if template else None
    if template is None or program is None:
        return
    try:
        traces = [program.trace(context_for(contact)) for contact in (one, other)]
        drawn = [program.draw(context_for(contact)) for contact in (one, other)]
    except STUMBLES:
        return

    if traces[0] == traces[1]:
        assert "".join(drawn[0]) == "".join(drawn[1])
    if traces[0][0] == traces[1][0]:
        assert len(drawn[0]) == len(drawn[1]), "the way alone says where the values stand"


COMPILED = [
    "{{ contact.first_name }}",
    "{{ contact.attributes.city | upcase | append: '!' }}",
    "{{ contact.last_name | default: 'friend' }}",
    "{{ contact.attributes.when | date: '%d.%m.%Y' }}",
    "{{ contact.attributes.points | plus: 1 | times: 2 | divided_by: 3 | round: 1 }}",
    "{{ contact.first_name | truncate: 5 }}{{ contact.first_name | replace: 'n', 'm' | split: '' | join: ',' }}",
    "{% if contact.attributes.vip and contact.attributes.points > 5 %}1{% elsif nobody %}2{% else %}3{% endif %}",
    "{% unless contact.last_name == blank %}{{ contact.last_name }}{% else %}nameless{% endunless %}",
    "{% case contact.attributes.points %}{% when 1, 7 %}lucky{% when 2 %}two{% else %}many{% endcase %}",
    "{% for tag in contact.attributes.tags limit: 2 offset: 1 reversed %}{{ forloop.index }}{{ tag }}{% endfor %}",
    "{% for a in (1..3) %}{% for b in (1..2) %}{{ forloop.parentloop.index }}{{ b }}{% endfor %}{% endfor %}",
    "{% for tag in contact.attributes.tags %}{% if tag == 'b' %}{% break %}{% endif %}{{ tag }}{% endfor %}",
    "{% for tag in contact.attributes.tags %}{% if tag == 'b' %}{% continue %}{% endif %}{{ tag }}{% endfor %}",
    "{% for tag in nobody %}{{ tag }}{% else %}none{% endfor %}",
    "{% for pair in contact.attributes.order %}{{ pair[0] }}={{ pair[1] }} {% endfor %}",
    "{% assign mine = contact.first_name | downcase %}{{ mine }}{{ mine.size }}",
    "{% capture mine %}<b>{{ contact.first_name }}</b>{% endcapture %}{{ mine }}{{ mine | upcase }}",
    "{% increment n %}{% increment n %}{% decrement n %}{{ n }}",
    "{% comment %}{{ no }}{% endcomment %}{% raw %}{{ raw }}{% endraw %}{% # remark %}",
    "  {%- if contact.attributes.vip -%}  x  {%- endif -%}  ",
    "{% if contact.attributes.vip %}   {% endif %}|{% for n in (1..3) %}\n{% assign m = n %}{% endfor %}{{ m }}",
    "{% liquid\nassign x = 1\nif x == 1\necho 'one'\nendif %}",
    "{{ 'a & b' }}{{ 3 }}{{ 2.5 }}{{ true }}{{ nil }}{{ (1..3) }}",
    "{{ contact.attributes[contact.attributes.note] }}{{ contact['first_name'] }}{{ contact.attributes.tags[-1] }}",
    "{% if contact.attributes.tags contains 'a' %}a{% endif %}{% if contact.attributes.points <= 7.0 %}b{% endif %}",
]


@pytest.mark.parametrize("source", COMPILED)
def test_what_people_write_is_compiled_and_right(source: str) -> None:
    template = html_template(source)

    program = compile_program(template, str, {})

    assert program is not None
    assert "".join(program.draw(ANN)) == template.fill(ANN)
    assert program.trace(ANN)[1] == [part for part in program.trace(ANN)[1] if isinstance(part, str)]


@pytest.mark.parametrize(
    "source",
    [
        "{% tablerow n in (1..3) %}{{ n }}{% endtablerow %}",
        "{% for n in (1..3) limit: 1 %}{{ n }}{% endfor %}{% for n in (1..3) offset: continue %}{{ n }}{% endfor %}",
        "{% cycle 'a', 'b' %}",
        "{% break %}",
        "{{ [contact.first_name] }}",
        "{% for n in (1..2) %}" * 14 + "x" + "{% endfor %}" * 14,
    ],
)
def test_what_is_not_compiled_is_said(source: str) -> None:
    assert compile_program(html_template(source), str, {}) is None


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..5000) %}{% for j in (1..5000) %}x{% endfor %}{% endfor %}",
        "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}",
        "{{ (1..1000000000) | join: ',' }}",
        "{{ 1 | divided_by: 0 }}",
        "{{ '1e999' | floor }}",
        "{{ contact.first_name | slice: 'x' }}",
        "{% if contact.first_name < 1 %}x{% endif %}",
        "{% for i in (1..3) limit: 'x' %}x{% endfor %}",
        "{% for i in (1..3) limit: -1 %}x{% endfor %}",
    ],
)
def test_where_the_template_fails_the_compiled_one_stumbles(source: str) -> None:
    template = html_template(source)
    program = compile_program(template, str, {})
    assert program is not None

    with pytest.raises(STUMBLES):
        program.draw(ANN)

    with pytest.raises(RenderFailed):
        template.fill(ANN)


def test_no_word_of_a_template_becomes_source() -> None:
    trick = "x'); import os; os.abort() #"
    source = f'{{{{ contact["{trick}"] | default: "{trick}" }}}}{trick}{{% if contact == "{trick}" %}}{{% endif %}}'
    template = html_template(source)

    program = compile_program(template, str, {})

    assert program is not None
    assert "".join(program.draw(ANN)) == template.fill(ANN)


def test_a_name_from_outside_can_be_shown_as_something_prepared() -> None:
    template = html_template("{{ unsubscribe_url }} {{ unsubscribe_url | upcase }}")

    program = compile_program(template, str, {"unsubscribe_url": "HERE"})

    assert program is not None
    assert "".join(program.draw(ANN)) == "HERE HTTPS://UNSUBSCRIBE.INVALID/"


def test_a_memo_keeps_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.compiled.values.MOST_KEPT", 10)
    memo = Memo(str.upper, lambda text: text != "never")

    made = [memo[f"a{number}"] for number in range(25)]

    assert made[24] == "A24"
    assert len(memo) <= 10
    assert memo["never"] == "NEVER"
    assert memo["x" * 300] == "X" * 300
    assert {"never", "x" * 300}.isdisjoint(memo)


def test_a_text_without_a_date_is_read_anew_each_time() -> None:
    template = html_template("{{ contact.attributes.when | date: '%Y' }}")
    program = compile_program(template, str, {})
    assert program is not None

    ticking = compile_text(text_template("{{ contact.attributes.when | date: '%f' }}"))
    assert ticking is not None
    assert ticking({"contact": {"attributes": {"when": "now"}}}) != ticking(
        {"contact": {"attributes": {"when": "now"}}}
    )
    for moment in ("2026-12-01", "2026-12-01T10:30", "now", "10:30"):
        context = context_for({"contact": {"attributes": {"when": moment}}})
        assert "".join(program.draw(context)) == template.fill(context)


LOOK_ALIKES = [1, True, 1.0, "1", None, "", 0, False, [], "a,b", 2**80, "2026-12-01"]
"""Equal to one another as keys, or nothing, or of several parts."""


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.attributes.points }}",
        "{{ contact.attributes.points | default: 'none' }}",
        "{{ contact.attributes.points | append: '!' | upcase }}",
        """{% assign parts = contact.attributes.points | default: 'x,y' | split: ',' %}
        {% for part in parts reversed %}<{{ part }}{% endfor %}
        {% assign more = parts | concat: parts %}{{ more }}{{ parts }}""",
    ],
)
def test_what_was_kept_of_one_reader_is_never_shown_to_another(source: str) -> None:
    template = _parsed(source)
    program = compile_program(template, str, {}) if template else None
    if template is None or program is None:
        pytest.fail("it should compile")

    for value in (*LOOK_ALIKES, *reversed(LOOK_ALIKES)):
        context = context_for({"contact": {"attributes": {"points": value}}})
        assert "".join(program.draw(context)) == template.fill(context)
    nothing = context_for({"contact": {"attributes": {}}})
    assert "".join(program.draw(nothing)) == template.fill(nothing)


@pytest.mark.parametrize("moment", ["now", "today"])
def test_nothing_is_kept_of_a_clock_that_steps_in_for_a_missing_date(moment: str) -> None:
    write = compile_text(text_template(f"{{{{ contact.attributes.when | default: '{moment}' | date: '%s%f' }}}}"))
    assert write is not None
    contexts = [context_for({"contact": {"attributes": {}}}), context_for({"contact": {"attributes": {"when": ""}}})]

    for context in contexts:
        assert write(context) != write(context)
