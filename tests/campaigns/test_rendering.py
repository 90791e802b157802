"""From what a marketer wrote to what one reader gets."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audience.models import Contact
from campaigns.liquid import html_template
from campaigns.models import ContentFormat, ContentVersion
from campaigns.rendering import (
    CompiledContent,
    header_text,
    insert_at_top,
    personal_context,
    template_from_source,
    with_preheader,
)
from workspaces.models import Workspace

LINK = "https://unsubscribe.invalid/"


def _html(source: str, *, preheader: str = "", language: str = "en") -> str:
    return template_from_source(
        written_as=ContentFormat.MARKDOWN, source=source, preheader=preheader, language=language
    )


def _filled(source: str, **contact: Any) -> str:
    return html_template(_html(source)).fill({"contact": contact, "unsubscribe_url": LINK})


def _context(**fields: Any) -> dict[str, Any]:
    workspace = Workspace(name="Maren & Moss", postal_address="12 Oborishte Street\n1504 Sofia")
    return personal_context(Contact(email="ann@example.org", **fields), workspace, unsubscribe_url=LINK)


def _version(**fields: str) -> ContentVersion:
    return ContentVersion(**{"subject": "Hi", "preheader": "", "html": "<p>Hi</p>", **fields})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[Leave]({{ unsubscribe_url }})", f'href="{LINK}"'),
        ("[Shop](https://x.example/{{ contact.first_name }}?a=1)", 'href="https://x.example/Ann?a=1"'),
        ("[Shop](https://{{ contact.host }}/a)", 'href="https://shop.example/a"'),
        ("<https://x.example/{{ contact.first_name }}>", ">https://x.example/Ann</a>"),
        ('[Shop](https://x.example "For {{ contact.first_name }}")', 'title="For Ann"'),
        ("![Jar for {{ contact.first_name }}](https://x.example/i.png)", 'alt="Jar for Ann"'),
        ("**{{ contact.first_name }}**", "<strong>Ann</strong>"),
        ("{{ contact.first_name }}_{{ contact.first_name }}", "Ann_Ann"),
        ('# Hello {{ contact.nothing | default: "you" }}', ">Hello you</h1>"),
        ("`{{ contact.first_name }}`", ">Ann</code>"),
    ],
)
def test_personal_parts_work_everywhere_in_markdown(source: str, expected: str) -> None:
    assert expected in _filled(source, first_name="Ann", host="shop.example")


def test_a_bar_inside_a_personal_part_does_not_split_a_table() -> None:
    filled = _filled('| Name | Shade |\n|---|--:|\n| {{ contact.first_name | default: "you" }} | Petal |\n')

    assert re.findall(r"<td style=[^>]*>([^<]*)</td>", filled) == ["you", "Petal"]
    assert "text-align:right" in filled


def test_tags_on_lines_of_their_own_leave_no_empty_paragraphs() -> None:
    source = "{% if contact.first_name %}\n\nOnly you\n\n{% else %}\n\nOthers\n\n{% endif %}"

    filled = _filled(source, first_name="Ann")

    assert "Only you" in filled
    assert "Others" not in filled
    assert re.search(r'<p style="margin:0 0 18px">\s*</p>', filled) is None


def test_a_text_that_looks_like_our_own_marks_is_kept() -> None:
    filled = _filled("zqv0z zqqv0z ZQ {{ contact.first_name }} \ue0000\ue001", first_name="Ann")

    assert "zqv0z zqqv0z ZQ Ann \ue0000\ue001" in filled


@given(st.text(max_size=80))
def test_markdown_never_lets_raw_markup_through(source: str) -> None:
    quiet = source.replace("{", "(").replace("}", ")")

    html = _html(f"{quiet} <script>alert(1)</script>")

    assert "<script" not in html


def test_addresses_that_run_code_do_not_become_links() -> None:
    html = _html("[x](javascript:alert(1)) [y](data:text/html;base64,x) [z](vbscript:x)")

    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert 'href="vbscript' not in html


def test_a_link_alone_in_its_paragraph_can_be_a_button() -> None:
    button, link = _html('[Order *now*](https://x.example/a?b=1&c=2 "button")'), _html("[Order](https://x.example)")

    assert 'class="btn"' in button
    assert 'href="https://x.example/a?b=1&amp;c=2"' in button
    assert "<em>now</em></a></td>" in button
    assert 'title="button"' not in button
    assert 'class="btn" align' not in link


def test_the_house_layout_carries_what_the_law_asks_for() -> None:
    html = html_template(_html("Hello")).fill(_context())

    assert f'href="{LINK}"' in html
    assert "12 Oborishte Street<br />\n1504 Sofia" in html
    assert "Maren &amp; Moss" in html
    assert html.startswith('<!doctype html>\n<html lang="en"')


def test_elements_bring_their_style_with_them() -> None:
    html = _html("# A\n\n- b\n\n> c\n\n![d](https://x.example/i.png)")

    for tag in ("<h1", "<ul", "<li", "<blockquote", "<img"):
        assert f"{tag} style=" in html or f'{tag} src="https://x.example/i.png" alt="d" style=' in html


def test_html_of_ones_own_stays_as_it_is() -> None:
    source = "<html><body class='x>y'><p>Hello {{ contact.first_name }}</p></body></html>"

    html = template_from_source(written_as=ContentFormat.HTML, source=source, preheader="", language="en")

    assert html == source


def test_the_preview_text_stands_first_in_the_body_and_nowhere_else() -> None:
    html = with_preheader("<!-- <body> --><html><body data-x='a>b'><p>Mail</p></body></html>", 'Soon "gone" & <new>')

    assert "data-x='a>b'><div hidden" in html
    assert "Soon &quot;gone&quot; &amp; &lt;new&gt;" in html
    assert html.count("Soon") == 1


def test_quotes_inside_a_personal_part_of_the_preview_text_survive() -> None:
    template = html_template(with_preheader("<body></body>", 'For "{{ contact.first_name | default: "you" }}"'))

    assert "For &quot;you&quot;" in template.fill({"contact": {}})


def test_where_there_is_no_body_the_preview_text_comes_before_everything() -> None:
    assert with_preheader("<p>Mail</p>", "Soon").startswith("<div hidden")
    assert insert_at_top("<p>Mail</p>", "!") == "!<p>Mail</p>"


def test_no_preview_text_leaves_the_mail_alone() -> None:
    assert with_preheader("<body></body>", "") == "<body></body>"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_a_header_is_one_line_whatever_stands_in_it(text: str) -> None:
    line = header_text(text)

    assert len(line.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)


def test_a_name_cannot_fake_a_header() -> None:
    content = CompiledContent(_version(subject="For {{ contact.first_name }}"))

    mail = content.render(_context(first_name="Ann\r\nBcc: all@example.org\x00\u2028x"))

    assert mail.subject == "For Ann Bcc: all@example.org x"


def test_a_mail_is_filled_in_escaped_in_html_and_plain_in_subject_and_text() -> None:
    version = _version(
        subject="{{ contact.first_name }}", preheader="{{ contact.first_name }}", html="<p>{{ contact.first_name }}</p>"
    )

    mail = CompiledContent(version).render(_context(first_name="A<b>&"))

    assert mail.subject == mail.preheader == "A<b>&"
    assert mail.html == "<p>A&lt;b&gt;&amp;</p>"
    assert mail.text == "A<b>&\n"


def test_the_text_part_has_the_link_and_not_the_preview_text() -> None:
    version = _version(html=_html('[Order](https://x.example "button")', preheader="Soon gone"))

    text = CompiledContent(version).render(_context(first_name="Ann")).text

    assert "Order (https://x.example)" in text
    assert f"Unsubscribe ({LINK})" in text
    assert "Soon gone" not in text


def test_a_template_sees_plain_values_and_nothing_behind_them() -> None:
    context = _context(first_name="Ann", last_name="Iv", attributes={"city": "Sofia"})

    assert context["contact"] == {
        "email": "ann@example.org", "first_name": "Ann", "last_name": "Iv", "full_name": "Ann Iv", "language": "",
        "attributes": {"city": "Sofia"},
    }  # fmt: skip
