"""The text part: what a reader without HTML sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.plaintext import text_from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Hello</h1><p>One<br>two</p>", "Hello\n\nOne\ntwo\n"),
        ("<div>one</div>two<div>three</div>", "one\ntwo\nthree\n"),
        ("<ul><li>a</li><li><p>b</p></li></ul>end", "- a\n- b\n\nend\n"),
        ("<ol start='3'><li>a<li>b</ol>", "3. a\n4. b\n"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n\n- b\n"),
        ("<p>5 &lt; 6 &amp; 7&nbsp;&gt;&nbsp;2</p>", "5 < 6 & 7 > 2\n"),
        ("<p>a\n   b\t c</p>", "a b c\n"),
        ("one<hr>two<hr><p>three</p>", "one\n---\ntwo\n---\n\nthree\n"),
        ("", "\n"),
    ],
)
def test_paragraphs_lists_and_entities(html: str, text: str) -> None:
    assert text_from_html(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://x.example">Shop</a>', "Shop (https://x.example)\n"),
        ('<a href="https://x.example/?a=1&amp;b=2">Shop</a>', "Shop (https://x.example/?a=1&b=2)\n"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example\n"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example\n"),
        ('<a href="#top">Top</a>', "Top\n"),
        ('<a href="https://x.example"><img src="i" alt="Lip tints"></a>', "Lip tints (https://x.example)\n"),
        ('<a href="https://x.example"><img src="i" alt=""></a>', "https://x.example\n"),
        ('<img src="i" alt="A jar">', "A jar\n"),
        ('<img src="pixel">', "\n"),
    ],
)
def test_links_show_where_they_lead_and_pictures_their_words(html: str, text: str) -> None:
    assert text_from_html(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<div hidden>secret</div>seen",
        '<div aria-hidden="true">secret</div>seen',
        '<div style="color:red; DISPLAY : none">secret</div>seen',
        "<style>secret{}</style>seen",
        "<script>if (a<b) secret</script>seen",
        "<head><title>secret</title><body>seen",
        "<p hidden>secret<p>seen",
        "<div hidden><br><div>secret</div><img alt='secret'></div>seen",
        "<!-- secret -->seen",
        "<!--[if mso]>secret<![endif]-->seen",
        "<![if !mso]>seen<![endif]>",
        "<div hidden><![foo[x]]>secret</div>seen",
        "se\u200ce\u034fn",
    ],
)
def test_what_nobody_sees_is_not_read_out(html: str) -> None:
    assert text_from_html(html) == "seen\n"


def test_nested_tables_keep_their_cells_apart() -> None:
    html = (
        "<table><tr><td><table><tr><th>Skin</th><th>Shade</th></tr><tr><td>Fair</td><td>Petal</td></tr></table></td>"
        "<td>Beside</td></tr></table><p>After</p>"
    )

    assert text_from_html(html) == "Skin Shade\nFair Petal\n\nBeside\n\nAfter\n"


@given(st.text(alphabet="<>/!-[]\"'= apdivtrulolhidsyeé&;\n", max_size=120))
def test_no_html_is_too_broken_to_read(html: str) -> None:
    assert text_from_html(html).endswith("\n")


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<&"), max_size=60))
def test_plain_words_come_through(words: str) -> None:
    shown = text_from_html(f"<p>{words}</p>")

    invisible = "\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff"
    assert shown.split() == "".join(c for c in words.replace("\r", "\n") if c not in invisible).split()
