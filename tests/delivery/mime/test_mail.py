"""The prepared message is the message of the reference path, in bytes that every server takes."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from campaigns.liquid import RenderFailed, TemplateRefused, html_template
from campaigns.models import ContentFormat
from campaigns.rendering import template_from_source
from campaigns.starter_texts import starter_texts
from delivery.links import preferences_url
from delivery.mime import mail
from emailops.demo.mails import MAILS
from tests.campaigns.compiled.templates import CONTEXTS, TEXTS, templates
from tests.delivery.mime.conftest import DELIVERY, Scene, lines_of, opened, reader, scene

MANY = examples(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = (
    "<p>", "</p>", "Hello ", ", ", "\n", ".\n", "..", "=20", "  ", " \n", "Ω\u00a0", "x" * 120, "&amp; ", "&copy;",
    "<br>", '<a href="https://shop.example/?a=1&amp;b=2">Shop', "</a>", "<a href='https://shop.example/x y'>", "<hr/>",
    '<a href="{{ contact.attributes.city }}">', '<a href="https://shop.example/{{ contact.first_name }}?q=1">there</a>',
    '<a href="mailto:{{ contact.email }}">{{ contact.email }}</a>', '<img alt="{{ contact.first_name }}" src="i.png">',
    '<a href="{{ unsubscribe_url }}">Leave</a>', "<a href={{ unsubscribe_url }}>Leave</a>",
    '<a href="{{ survey_url }}/parcel?q=1&amp;v=9">9</a>', "<a href='{{ survey_url }}/{{ contact.first_name }}'>x</a>",
    "{{ unsubscribe_url }}", '<a href="https://shop.example/?from={{ unsubscribe_url }}">x</a>',
    '<a href="{{ preferences_url }}">Choose</a>', "<a href={{ preferences_url }}>Choose</a>", "{{ preferences_url }}",
    '<a href="https://shop.example/?from={{ preferences_url }}">x</a>', '<a href="https://shop.example/">',
    "<!-- {{ contact.first_name }} -->", "<!--[if mso]><b>{{ contact.last_name }}</b><![endif]-->", "<!--> <!-- -->",
    "<style>p{color:red}</style>", "<style>p{color:{{ contact.first_name }}}</style>", '<ol start="3"><li>',
    "</ol>", '<div style="display:none">', "</div>", '<div hidden title="{{ contact.first_name }}">', "<body>",
    "<td>", "<ul><li>", '<p style="color:{{ contact.attributes.city }}">', "<p title={{ contact.first_name }}>",
    "<{{ contact.first_name }}>", "a < b ", "&{{ contact.first_name }}", "</ul>", '<area href="https://shop.example/">',
    "\r\n", "<script>x</script>",
    "{{ postal_address | newline_to_br }}", "<textarea>", '<A HREF="https://shop.example/UP">UP</A>', "<a name=x>",
    "\t", '<a href="http://[broken">',
)  # fmt: skip
bodies = templates(PIECES)
subjects = st.sampled_from(
    ["Glow", "", "{{ contact.first_name }}", "Für {{ contact.full_name }}: {{ contact.attributes.city }}", "x y " * 40]
)


def assert_sound(wire: bytes) -> None:
    """F1, F2, F7 and F10 of the house's rules for the wire."""
    assert wire.isascii()
    assert max(map(len, lines_of(wire))) <= 998
    body = wire.partition(b"\r\n\r\n")[2]
    assert max(map(len, lines_of(body))) <= 78
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", wire)
    assert not re.search(rb"(?m)^\.(?!\.)", wire)
    assert not re.search(rb"[ \t]\r\n", body), "a relay may strip it"
    assert wire.endswith(b"--\r\n")


def assert_the_same(at: Scene, address: str, context: dict[str, Any]) -> None:
    """Both ways give the same message, or fail with the same error."""
    compiled = at.compiled()
    try:
        expected = at.reference(address, context)
    except (RenderFailed, TemplateRefused, ValueError, LookupError) as error:
        with pytest.raises(type(error), match=re.escape(str(error))):
            compiled.wire(DELIVERY, address, context)
        return
    for _again in range(2):  # prepared, and from what was kept
        wire = compiled.wire(DELIVERY, address, context)
        assert opened(wire) == opened(expected)
    if compiled.reference_count == 0:
        assert_sound(wire)


@MANY
@given(html=bodies, subject=subjects, contact=CONTEXTS)
def test_whatever_the_template_and_the_reader_both_ways_are_one(
    html: str, subject: str, contact: dict[str, Any]
) -> None:
    assert_the_same(scene(html, subject), "ann@example.org", contact)


@MANY
@given(html=bodies, contact=CONTEXTS)
def test_both_ways_are_one_for_who_is_not_followed_too(html: str, contact: dict[str, Any]) -> None:
    assert_the_same(scene(html)._replace(is_followed=False), "ann@example.org", contact)


def test_mails_to_who_is_not_followed_differ_in_nothing_but_the_doors_of_each() -> None:
    html = '<p><a href="https://shop.example/?a=1&amp;b=2">Shop</a> <a href="{{ unsubscribe_url }}">Leave</a></p>'
    at = scene(html)._replace(is_followed=False)
    compiled, doors = at.compiled(), re.compile(rb"/t/u/[\w-]+")

    one, other = (opened(compiled.wire(pk, "ann@example.org", reader())).html for pk in (DELIVERY, DELIVERY + 1))

    assert b'href="https://shop.example/?a=1&amp;b=2"' in one
    assert b"<img" not in one
    assert one != other
    assert doors.sub(b"", one) == doors.sub(b"", other)


@MANY
@given(html=bodies, contacts=st.lists(CONTEXTS, min_size=2, max_size=4))
def test_what_is_kept_from_one_reader_is_right_for_the_next(html: str, contacts: list[dict[str, Any]]) -> None:
    at = scene(html)
    compiled = at.compiled()

    for number, contact in enumerate(contacts * 2):
        try:
            expected = at.reference("ann@example.org", contact, number)
        except (RenderFailed, TemplateRefused, ValueError):
            continue
        assert opened(compiled.wire(number, "ann@example.org", contact)) == opened(expected)


@pytest.mark.parametrize(
    "html",
    [
        "<p>{% if points == 1 %}a{% elsif points == 2 %}b{% else %}c{% endif %}</p>",
        "<p>{% unless points == 1 %}a{% elsif points == 1 %}b{% endunless %}</p>",
        "<p>{% case points %}{% when 1, 1 %}a{% when 2 %}b{% when 3 %}c{% else %}d{% endcase %}</p>",
        "<p>{% for n in tags %}x{% else %}y{% endfor %}</p>",
        "{% for n in tags %}a{% if n == stop %}{% break %}{% endif %}b{% endfor %}",
        "{% for n in tags %}a{% if n == stop %}{% continue %}{% endif %}b{% endfor %}",
        "{% for n in tags %}{% for m in tags %}{% if m == n %}{% break %}{% endif %}x{% endfor %}y{% endfor %}",
        "{% capture mine %}{% if points == 1 %}<b>a</b>{% else %}c{% endif %}{% endcapture %}{{ mine }}",
        "<ul>{% for n in tags %}{% if n == 1 %}<li>{{ n }}</li>{% endif %}{% endfor %}</ul>",
        "Dear{{ contact.first_name }}{{ contact.last_name }}{{ contact.attributes.city }}<p>{{ contact.first_name }}",
    ],
)
def test_each_way_of_a_template_is_kept_apart_from_the_others(html: str) -> None:
    own = "".join(f"{{% assign {name} = contact.attributes.{name} %}}" for name in ("points", "tags", "stop"))
    at = scene(own + html)
    compiled = at.compiled()
    readers = [
        {"contact": {**reader(first, city=city, points=points, tags=tags, stop=stop)["contact"], "full_name": "Ann"}}
        for first, city in (("Ann", "Sofia"), (" Ann", ""), ("Ann ", "  x"), ("", " "), ("a  b", "\u200bz"))
        for points in (1, 2, 3, 4)
        for tags, stop in (([], 0), ([1], 1), ([1, 2], 1), ([1, 2], 2), ([2, 1], 1), ([1, 2, 3], 9))
    ]

    for number, context in enumerate(readers * 2):
        wire = compiled.wire(number, "a@b.example", context)
        assert opened(wire) == opened(at.reference("a@b.example", context, number))

    assert compiled.reference_count == 0


NEWSLETTER = """<!doctype html><html><head><style>p {color:red}</style></head><body class="a"><div hidden>Soon</div>
<p>Dear {{ contact.first_name | default: "friend" }}{% if contact.last_name != "" %} {{ contact.last_name }}{% endif %},
{{ contact.attributes.city }} calls. <a href="https://shop.example/?a=1&amp;b=2">Look, {{ contact.first_name }}</a>.</p>
<ul>{% for tag in contact.attributes.tags %}<li>{{ tag }}</li>{% endfor %}</ul><img alt="For {{ contact.first_name }}">
<p><a href="https://shop.example/{{ contact.first_name | url_encode }}">Yours</a>{{ postal_address | newline_to_br }}
<a href="{{ unsubscribe_url }}">Leave</a></p></body></html>"""


@MANY
@given(first=TEXTS, last=TEXTS, city=TEXTS, tags=st.lists(TEXTS, max_size=3))
def test_whatever_a_reader_is_called_both_ways_are_one(first: str, last: str, city: str, tags: list[str]) -> None:
    context = reader(first, city=city, tags=tags)
    context["contact"] |= {"last_name": last, "full_name": f"{first} {last}".strip()}

    assert_the_same(scene(NEWSLETTER, "{{ contact.first_name }}, look"), "ann@example.org", context)


def test_an_ordinary_newsletter_takes_the_fast_way_for_every_reader() -> None:
    compiled = scene(NEWSLETTER, "{{ contact.first_name }}, look").compiled()

    for number, name in enumerate(["Ann", "Жана", "", "O'Brien & <Co>", "  two  spaces ", "x" * 300, "nbsp\u00a0x"]):
        wire = compiled.wire(number, "ann@example.org", {**reader(city="Sofia", tags=["a", "b"]), **_named(name)})
        assert_sound(wire)

    assert compiled.is_compiled
    assert compiled.reference_count <= 2, "only what changes inside an attribute is for the reference path"


def _named(first: str) -> dict[str, Any]:
    return {"contact": {**reader(first, city="Sofia", tags=["a", "b"])["contact"], "full_name": "Ann Iv"}}


ODD_READERS = (
    reader(),
    reader(""),
    reader("Жана-Мария Ангелова фон Кюхельбекер-Стоянова, die Zweite und ein bisschen mehr"),
    reader("A<b>\"&' \\", city=None, points=3.5, vip=True, skin="dry & flaky"),
    reader(".dot\n\nline", city="x" * 3000),
    reader("\u200bzero\u00a0width ", tags=["<a href='https://evil.example'>x</a>"]),
)


def _house_mails() -> list[tuple[str, str, str]]:
    """The mails of the demo and the texts to begin with: a name, the subject, the HTML template."""
    found = []
    for path in sorted(Path(MAILS).glob("*.md")):
        _nothing, head, source = path.read_text().split("+++\n", 2)
        values = tomllib.loads(head)
        found.append((path.stem, values["subject"], _template(source, values["preheader"])))
    return found + [(text.key, text.subject, _template(text.source, text.preheader)) for text in starter_texts("en")]


def _template(source: str, preheader: str) -> str:
    return template_from_source(written_as=ContentFormat.MARKDOWN, source=source, preheader=preheader, language="en")


@pytest.mark.parametrize(("name", "subject", "html"), [pytest.param(*mail, id=mail[0]) for mail in _house_mails()])
def test_the_mails_of_the_house_take_the_fast_way(name: str, subject: str, html: str) -> None:
    at = scene(html, subject)
    compiled = at.compiled()

    for number, context in enumerate(ODD_READERS):
        wire = compiled.wire(number, "ann@example.org", context)
        assert opened(wire) == opened(at.reference("ann@example.org", context, number))
        assert_sound(wire)

    assert compiled.reference_count == 0


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="{{ preferences_url }}">Choose</a></p>',
        '<p>{{ preferences_url }} <a href="{{ unsubscribe_url }}">Leave</a></p>',
        '<p><a href="https://shop.example/?from={{ preferences_url }}">x</a></p>',
        "<p>{% if contact.first_name %}<a href='{{ preferences_url | append: '?x=1' }}'>Choose</a>{% endif %}</p>",
    ],
)
def test_the_page_of_choices_has_one_address_on_both_ways(html: str) -> None:
    at = scene(html)

    wires = [at.compiled().wire(number, "ann@example.org", reader()) for number in (DELIVERY, DELIVERY + 1)]

    for number, wire in zip((DELIVERY, DELIVERY + 1), wires, strict=True):
        assert opened(wire) == opened(at.reference("ann@example.org", reader(), number))
        token = preferences_url(number).rpartition("/")[2]
        assert token.encode() in opened(wire).html


def test_a_template_that_fails_for_one_reader_fails_for_nobody_else() -> None:
    compiled = scene("<p>{{ 100 | divided_by: contact.attributes.points }}</p>").compiled()

    before = compiled.wire(1, "ann@example.org", reader(points=4))
    with pytest.raises(RenderFailed, match="divide by 0"):
        compiled.wire(2, "bob@example.org", reader(points=0))
    after = compiled.wire(3, "eve@example.org", reader(points=5))

    assert b"<p>=\r\n25=\r\n</p>" in before
    assert b"<p>=\r\n20=\r\n</p>" in after


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<p>{% for i in (1..9999) %}" + "x" * 200 + "{% endfor %}</p>", "longer than a mail can be"),
        ("{% for i in (1..20000) %}x{% endfor %}", "loops go round too often"),
        ("{{ contact.attributes.note | slice: 'x' }}", "expected an integer"),
    ],
)
def test_limits_and_errors_are_those_of_the_reference_path(html: str, why: str) -> None:
    with pytest.raises(RenderFailed, match=why):
        scene(html).compiled().wire(1, "ann@example.org", reader(note="x"))


def test_a_failing_preview_text_fails_the_message_as_ever() -> None:
    with pytest.raises(RenderFailed, match="divide by 0"):
        scene("<p>Hi</p>", preheader="{{ 1 | divided_by: 0 }}").compiled().wire(1, "ann@example.org", reader())


@pytest.mark.parametrize("name", ["Ann\r\nBcc: all@example.org", "Ann\x00\x0b\u2028x", "=?utf-8?q?x?=", 'A "B" \\ C'])
def test_no_name_adds_a_header(name: str) -> None:
    context = reader()
    context["contact"] |= {"first_name": name, "full_name": name}

    assert_the_same(scene("<p>Hi</p>", "{{ contact.first_name }}"), "ann@example.org", context)


@pytest.mark.parametrize(
    "address",
    ["a" * 64 + "@" + "b" * 60 + ".example", "ann+tag=x@example.org", "жана@example.org", "a..b@example.org", "x@[::1]",
     "ann\r\n@example.org", "=?x?@example.org"],
)  # fmt: skip
def test_every_address_is_treated_as_by_the_reference_path(address: str) -> None:
    assert_the_same(scene("<p>Hi</p>"), address, reader("Жана"))


@pytest.mark.parametrize(
    "sender", [{"name": "Ълена " * 9}, {"email": "hello@bücher.example"}, {"reply_to": "r@x.example"}]
)
def test_every_sender_is_written_as_by_the_reference_path(sender: dict[str, str]) -> None:
    assert_the_same(scene("<p>Hi</p>", **sender), "ann@example.org", reader())


def test_a_template_that_cannot_be_compiled_goes_the_other_way() -> None:
    at = scene("<p>{% cycle 'a', 'b' %}</p>")

    compiled = at.compiled()

    assert not compiled.is_compiled
    assert opened(compiled.wire(DELIVERY, "a@b.example", reader())) == opened(at.reference("a@b.example", reader()))
    assert compiled.reference_count == 1


def test_a_refused_template_is_refused_for_every_reader() -> None:
    compiled = scene("<p>{{ contact.first_name | shout }}</p>").compiled()

    with pytest.raises(TemplateRefused, match="shout"):
        compiled.wire(1, "ann@example.org", reader())


def test_a_message_that_grows_beyond_measure_is_left_to_the_reference_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LONGEST_MESSAGE", 3_000)
    at = scene("<p>{{ contact.attributes.note }}</p>")
    compiled = at.compiled()

    compiled.wire(1, "ann@example.org", reader(note="short"))
    compiled.wire(2, "ann@example.org", reader(note="x" * 4_000))

    assert compiled.reference_count == 1


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delivery.mime.plans.MOST_PLANS", 3)
    monkeypatch.setattr("delivery.mime.plans.MOST_BODIES", 2)
    at = scene("{% for n in (1..contact.attributes.points) %}{{ n }},{% endfor %}")
    compiled = at.compiled()

    for points in range(1, 9):
        context = reader(points=points)
        assert opened(compiled.wire(1, "a@b.example", context)) == opened(at.reference("a@b.example", context, 1))

    assert compiled.reference_count == 0


def test_the_date_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = scene("<p>Hi</p>").compiled()
    dates = []

    for moment in (1_000_000_000.2, 1_000_000_000.9, 1_000_000_061.0):
        monkeypatch.setattr("delivery.mime.mail.time.time", lambda moment=moment: moment)
        dates += re.findall(rb"\r\nDate: (.*)\r\n", compiled.wire(1, "ann@example.org", reader()))

    assert dates == [b"Sun, 09 Sep 2001 01:46:40 -0000"] * 2 + [b"Sun, 09 Sep 2001 01:47:41 -0000"]


def test_links_are_signed_with_the_key_of_the_day() -> None:
    template = html_template("<a href='https://shop.example/'>x</a>")
    assert template is not None
    at = scene("<a href='https://shop.example/'>x</a>")

    wire = at.compiled().wire(DELIVERY, "ann@example.org", reader())

    assert opened(wire).html == opened(at.reference("ann@example.org", reader())).html
    assert settings.BASE_URL.encode() in opened(wire).html
