"""Links: read as a browser reads them, rewritten without touching anything else."""

from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.links import SPACE, links_in, rewrite_links

TARGETS = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
NOISE = st.text(alphabet="<>a!-\"' =hrefHREF/xé\n&;[]", max_size=80)


@given(TARGETS)
def test_any_target_survives_being_written_and_read(target: str) -> None:
    html = f'<p><a class="x" href="{escape(target)}">go</a></p>'

    assert list(links_in(html)) == [target.strip(SPACE)]


@given(TARGETS, TARGETS)
def test_any_new_target_is_read_back_and_nothing_else_changes(old: str, new: str) -> None:
    html = f"before <a title='>' HREF = \"{escape(old)}\" id=x>go</a> after"

    rewritten = rewrite_links(html, lambda _target: new)

    assert list(links_in(rewritten)) == [new.strip(SPACE)]
    assert rewritten.startswith("before <a title='>' HREF = \"")
    assert rewritten.endswith('" id=x>go</a> after')


@given(NOISE)
def test_leaving_the_links_as_they_are_leaves_the_links_as_they_are(html: str) -> None:
    rewritten = rewrite_links(html, lambda target: target)

    assert list(links_in(rewritten)) == list(links_in(html))
    assert unescape(rewrite_links(rewritten, lambda target: target)) == unescape(rewritten)


@given(st.lists(TARGETS, max_size=5))
def test_links_come_in_order(targets: list[str]) -> None:
    html = "".join(f"<a href='{escape(target)}'>x</a><br>" for target in targets)

    assert list(links_in(html)) == [target.strip(SPACE) for target in targets]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<A HREF=https://x.example/?a=b&amp;c>", ["https://x.example/?a=b&c"]),
        ("<a\n  href='single'>", ["single"]),
        ('<a data-href="no" href="yes">', ["yes"]),
        ('<a title="href=no" href="yes">', ["yes"]),
        ("<a title='a > b' href=\"past the bracket\">", ["past the bracket"]),
        ('<a href="first" href="second">', ["first"]),
        ('<area href="map">', ["map"]),
        ('<a name="anchor">', []),
        ("<abbr href='no'><link href='no'><address href='no'>", []),
        ("<!-- <a href='no'> --><a href='yes'>", ["yes"]),
        ("<!--> <a href='yes'>", ["yes"]),
        ("<img alt='<!--'><a href='yes'>", ["yes"]),
        ("<!--[if mso]><a href='outlook'>x</a><![endif]-->", ["outlook"]),
        ("<a href=''>", [""]),
        ("<a href='\n https://x.example \t'>", ["https://x.example"]),
        ("<a href='never closed", []),
        ("<a href='{{ unsubscribe_url }}'>", ["{{ unsubscribe_url }}"]),
    ],
)
def test_reads_what_a_browser_reads(html: str, found: list[str]) -> None:
    assert list(links_in(html)) == found


def test_comments_stay_as_they_are() -> None:
    html = "<!-- <a href='old'> --><a href='new'>x</a>"

    assert rewrite_links(html, str.upper) == "<!-- <a href='old'> --><a href=\"NEW\">x</a>"


@pytest.mark.parametrize("evil", ["<a " * 200_000 + '"', "<!--" * 200_000, "<a x='" * 200_000, "<" * 400_000])
@pytest.mark.timeout(20)
def test_a_hostile_text_takes_no_longer_than_its_length(evil: str) -> None:
    assert rewrite_links(evil, lambda target: target)
