"""Where a mark may stand for a value, and what becomes of links with marks."""

import pytest
from hypothesis import given
from hypothesis.strategies import text as texts

from campaigns.compiled import NeedsReference
from delivery.mime.bodies import html_body, is_sound, text_body
from delivery.mime.marks import Form, Pattern, Sheet, Value, link_mark, token_mark, value_mark, value_of
from delivery.mime.marks import Token as Kind

M = value_mark(0)


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{M}</p>",
        f'<a href="https://x.example/?a=1&amp;b={M}">{M}</a>',
        f"<a href='{M}' class=x>y</a>",
        f'<!doctype html><html><head><style>a > b{{c}}</style></head><body>{M}<br/><img alt="{M}" /></body></html>',
        f"<!-- {M} --><!--[if mso]><p>{M}</p><![endif]--><!--[if !mso]><!--><b>{M}</b><!--<![endif]-->",
        f"1 < 2 {M} &copy; {M} &b={M}",
        f"<style>p{{color:{M}}}</style>",
        f'<INPUT CHECKED value = "{M}">',
    ],
)
def test_a_value_changes_only_itself_in_text_and_in_quotes(html: str) -> None:
    assert is_sound(html)


@pytest.mark.parametrize(
    "html",
    [
        f"<{M}>", f"<p {M}>", f"<p a={M}>", f"<p a=b{M}>", f"</{M}>", f"<!{M}>", f"<!--{M}-->", f"<!-- {M}-->",
        f"<!-- {M}->", f"&{M}", f"&am{M}", f"&#3{M}", f'<p style="color:{M}">', f'<ol start="{M}">', f"<p a='b{M}>",
        f'<p a=b"{M}">', f"<script>1<2</script>{M}", f"<textarea>{M}</textarea>", f"<p a=\"b\"c='{M}'>", f"<!-- {M}",
        f'<p aria-hidden="{M}">', f"<a<{M}>",
    ],
)  # fmt: skip
def test_anywhere_else_it_might_change_more(html: str) -> None:
    assert not is_sound(html)


def test_static_links_get_their_place_for_a_token_and_personal_ones_a_mark() -> None:
    body = html_body(f'<body><a href="https://x.example/">a</a><a href="https://x.example/{M}">b</a><a href="#t">c</a>')

    assert body.text.count(token_mark(Kind.CLICK)) == 1
    assert body.text.count(token_mark(Kind.OPEN)) == 1
    assert f'<a href="{link_mark(0)}">b</a>' in body.text
    assert '<a href="#t">c</a>' in body.text
    assert [target.fill(lambda _mark: "Ann") for target in body.targets] == ["https://x.example/Ann"]


def test_the_text_says_a_links_address_as_long_as_it_is_not_its_words() -> None:
    body = text_body(f'<a href="https://x.example/{M}">See</a>', {M: value_of("Ann")})

    (link,) = body.links

    assert body.text == f"See (https://x.example/{M})\n"
    link.require_said(lambda _mark: "Ann")
    body = text_body(f'<a href="{M}">Ann</a>', {M: value_of("Ann")})
    with pytest.raises(NeedsReference):
        body.links[0].require_said(lambda _mark: "Ann")


def test_a_value_that_the_text_part_smooths_may_not_stand_in_an_attribute() -> None:
    values = {M: value_of("a\u200bb")}

    assert text_body(f"<p>{M}</p>", values).text == f"{M}\n"
    with pytest.raises(NeedsReference):
        text_body(f'<img alt="{M}">', values)


@pytest.mark.parametrize(
    ("html", "form", "text"),
    [
        ("Ann", Form.AS_IT_IS, b"Ann"),
        ("A &amp; B", Form.AS_IT_IS, b"A & B"),
        ("", Form.EMPTY, b""),
        (" Ann", Form.SPACE_BEFORE, b"Ann"),
        ("Ann ", Form.SPACE_AFTER, b"Ann"),
        ("a\n b", Form.CHANGED, b"a b"),
        ("\u200bAnn", Form.CHANGED, b"Ann"),
    ],
)
def test_how_a_value_stands_in_the_text_part(html: str, form: int, text: bytes) -> None:
    value = value_of(html)

    assert (value.form, value.text) == (form, text)


@given(html=texts("ab.,:=& \n@é;#", max_size=75))
def test_plain_words_are_what_the_long_way_makes_of_them(html: str) -> None:
    quickly = value_of(html)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("delivery.mime.marks.LONGEST_WORDS", -1)
        assert quickly == value_of(html)


@pytest.mark.parametrize("html", ["<b>x</b>", "a & b", "&copy;", '"', "\u200b", "\n\n"])
def test_what_changes_its_surroundings_belongs_to_them(html: str) -> None:
    assert value_of(html) == Value(b"", b"", "", html)


@pytest.mark.parametrize("html", ["x" * 30_000, M, token_mark(Kind.OPEN)])
def test_what_cannot_be_prepared_is_for_the_reference_path(html: str) -> None:
    with pytest.raises(NeedsReference):
        value_of(html)


def test_a_line_end_that_a_value_may_complete_is_for_the_reference_path() -> None:
    with pytest.raises(NeedsReference):
        Sheet().add_text(f"a\r{M}", ord)


def test_a_pattern_is_filled_mark_by_mark() -> None:
    pattern = Pattern(f"a{value_mark(1)}b{value_mark(0)}")

    assert pattern.fill({value_mark(0): "0", value_mark(1): "1"}.__getitem__) == "a1b0"
