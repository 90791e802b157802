"""Words of people as HTML: a subset of Markdown, and nothing that runs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.markup import LONGEST_EXCERPT, REL, excerpt, mentions_in, to_html

NAMES = ["Elena Petrova", "Elena", "Sofia Marchetti", "Ivo (design)"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Bold** and *soft*", "<p><strong>Bold</strong> and <em>soft</em></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("`x < y`", "<p><code>x &lt; y</code></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        ("# no heading", "<p># no heading</p>"),
    ],
)
def test_a_subset_of_markdown_is_shown(text: str, html: str) -> None:
    assert to_html(text).strip() == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](vbscript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        "![x](https://example.com/track.gif)",
        '[x](https://example.com "onmouseover=alert(1)")',
        "```html\n<script>alert(1)</script>\n```",
        '@Elena<svg onload="alert(1)">',
    ],
)
def test_nothing_that_people_write_runs(text: str) -> None:
    html = to_html(text, NAMES)

    assert re.findall(r"<(?!/?(?:p|a|br|em|strong|s|ul|ol|li|code|pre|blockquote|span)[\s>])", html) == []
    assert not re.search(r"<[^>]*\s(?:on\w+|src|style)=", html)
    assert not re.search(r'href="(?!https?:|mailto:)', html)


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!@:/\\ \nabc:javscriptEln"), max_size=80))
def test_whatever_is_typed_makes_only_the_tags_that_are_ours(text: str) -> None:
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9]+)", to_html(text, NAMES), re.IGNORECASE))

    assert tags <= {"p", "a", "br", "em", "strong", "s", "ul", "ol", "li", "code", "pre", "blockquote", "span"}


@pytest.mark.parametrize("text", ["[a](https://a.example/)", "<https://a.example/>", "see https://a.example/."])
def test_links_lead_out_without_credit(text: str) -> None:
    assert f'<a href="https://a.example/" rel="{REL}">' in to_html(text)


def test_a_full_stop_after_an_address_is_not_part_of_it() -> None:
    assert to_html("(https://a.example/x).").startswith('<p>(<a href="https://a.example/x"')


def test_of_two_names_that_fit_the_longer_one_is_meant() -> None:
    assert mentions_in("@elena petrova, please look", NAMES) == {"Elena Petrova"}
    assert mentions_in("@Elena, please look", NAMES) == {"Elena"}


@pytest.mark.parametrize("text", ["mail elena@Elena", "@Elenas", "`@Elena`", "@@Elena", "@Nobody"])
def test_what_only_looks_like_a_mention_is_none(text: str) -> None:
    assert mentions_in(text, NAMES) == set()


def test_a_name_with_marks_of_its_own_is_found() -> None:
    assert mentions_in("@Ivo (design) can", NAMES) == {"Ivo (design)"}


def test_a_mention_is_marked() -> None:
    assert '<span class="mention">@Elena</span>' in to_html("Ask @Elena.", ["Elena"])


def test_an_excerpt_is_one_line_without_marks() -> None:
    assert excerpt("**Ready**\n\n- on [Friday](https://a.example)") == "Ready on Friday"


def test_a_long_text_has_a_short_excerpt() -> None:
    assert len(excerpt("word " * 500)) <= LONGEST_EXCERPT
