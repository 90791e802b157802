"""From what a marketer wrote to what one reader gets.

This is the reference path: the preview uses it, and whatever sends faster must give the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from audience.models import Contact
from campaigns.brand import MOSS, Brand, element_styles
from campaigns.liquid import Template, html_template, text_template
from campaigns.models import ContentFormat, ContentVersion
from campaigns.plaintext import text_from_html
from workspaces.models import Workspace

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
BUTTON = re.compile(r'<p[^>]*><a href="(?P<href>[^"]*)" title="button" style="[^"]*">(?P<words>.*?)</a></p>', re.DOTALL)
SCALE = re.compile(r'<p[^>]*><a href="(?P<href>[^"]*)" title="nps" style="[^"]*">(?P<words>.*?)</a></p>', re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # would break or fake a header line
BODY_START = re.compile(r"""<!--.*?-->|(?P<body><body\b(?:[^>"']|"[^"]*"|'[^']*')*>)""", re.IGNORECASE | re.DOTALL)
FILLER = "\u034f\u200c\u00a0" * 60  # joiners and spaces that nobody sees: about one line of an inbox
CONTACT_PATHS = ("email", "first_name", "last_name", "full_name", "language")
UNSUBSCRIBE = "unsubscribe_url"
PREFERENCES = "preferences_url"
SURVEY = "survey_url"
SAMPLE_PREFERENCES = "https://preferences.invalid/"
SAMPLE_SURVEY = "https://survey.invalid"
POSTAL_ADDRESS = "postal_address"


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """What one reader gets."""

    subject: str
    html: str
    text: str
    preheader: str = ""


@dataclass(frozen=True)
class CompiledContent:
    """A content version, parsed once for many readers."""

    version: ContentVersion

    @cached_property
    def subject(self) -> Template:
        return text_template(self.version.subject)

    @cached_property
    def preheader(self) -> Template:
        return text_template(self.version.preheader)

    @cached_property
    def html(self) -> Template:
        return html_template(self.version.html)

    def render(self, context: Mapping[str, Any]) -> RenderedMail:
        """The mail for one reader. Raises `RenderFailed`."""
        html = self.html.fill(context)
        subject, preheader = (header_text(part.fill(context)) for part in (self.subject, self.preheader))
        return RenderedMail(subject, html, text_from_html(html), preheader)


def header_text(text: str) -> str:
    """A text as it may stand in a header: one line, no control characters (RFC 5322 section 2.2)."""
    return CONTROL.sub(" ", text).strip()


def personal_context(
    contact: Contact,
    workspace: Workspace,
    *,
    unsubscribe_url: str,
    preferences_url: str = SAMPLE_PREFERENCES,
    survey_url: str = SAMPLE_SURVEY,
) -> dict[str, Any]:
    """Everything a template can ask about; plain values only. A survey's name follows `survey_url` after a slash."""
    doors = {UNSUBSCRIBE: unsubscribe_url, PREFERENCES: preferences_url, SURVEY: survey_url}
    return {**contact_context(contact), **workspace_context(workspace), **doors}


def contact_context(contact: Contact) -> dict[str, Any]:
    """The part of a `personal_context` in which readers differ."""
    fields = {path: str(getattr(contact, path)) for path in CONTACT_PATHS}
    return {"contact": fields | {"attributes": dict(contact.attributes)}}


def workspace_context(workspace: Workspace) -> dict[str, Any]:
    """The part of a `personal_context` that is the same for all readers."""
    return {"workspace": {"name": workspace.name}, POSTAL_ADDRESS: workspace.postal_address}


def template_from_source(*, written_as: str, source: str, preheader: str, language: str, brand: Brand = MOSS) -> str:
    """The HTML template that a source becomes: Markdown gets the house layout, and both get the preview text."""
    html = source
    if written_as == ContentFormat.MARKDOWN:
        context = {"body": _markdown(source, brand), "language": language, "brand": brand}
        with translation.override(language):
            html = render_to_string("campaigns/layout.html", context)
    return with_preheader(html, preheader)


def _markdown(source: str, brand: Brand) -> str:
    """CommonMark to HTML with inline styles, and the Liquid parts carried through untouched."""
    marked, parts, sign = _with_marks(source)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(marked)
    _style(tokens, element_styles(brand))
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    html = BUTTON.sub(lambda found: _button(found, brand), html)
    html = SCALE.sub(lambda found: _scale(found, brand), html)
    # A paragraph of nothing but tags ({% if … %} on a line of its own) would leave a gap behind.
    html = re.sub(rf"<p[^>]*>((?:{sign}t\d+z\s*)+)</p>", r"\1", html)
    return re.sub(rf"{sign}[tv](\d+)z", lambda found: parts[int(found[1])], html)


def _with_marks(source: str) -> tuple[str, list[str], str]:
    """The source with each Liquid part replaced by a word that Markdown leaves alone, also inside addresses."""
    sign = "zq"
    while sign in source.lower():
        sign += "q"
    parts: list[str] = []

    def keep(found: re.Match[str]) -> str:
        parts.append(found.group())
        kind = "t" if found.group().startswith("{%") else "v"
        return f"{sign}{kind}{len(parts) - 1}z"

    return LIQUID.sub(keep, source), parts, sign


def _style(tokens: Sequence[Token], styles: Mapping[str, str]) -> None:
    before = ""
    for token in tokens:
        # A quotation's first paragraph has a style of its own.
        name = token.tag if before != "blockquote_open" else f"blockquote {token.tag}"
        style = styles.get(name) or styles.get(token.tag)
        if token.nesting >= 0 and style:
            own = token.attrGet("style")  # a column's alignment
            token.attrSet("style", f"{style};{own}" if own else style)
        before = token.type
        _style(token.children or (), styles)


def _button(found: re.Match[str], brand: Brand) -> str:
    """A link alone in its paragraph with the title "button" becomes one."""
    parts = {"href": mark_safe(found["href"]), "words": mark_safe(found["words"])}  # noqa: S308  escaped by Markdown
    return render_to_string("campaigns/button.html", {**parts, "brand": brand})


def _scale(found: re.Match[str], brand: Brand) -> str:
    """A link alone in its paragraph with the title "nps" becomes a row of eleven links, for a score of 0 to 10."""
    joint = "&amp;" if "?" in found["href"] else "?"
    parts = {"href": mark_safe(found["href"] + joint), "words": mark_safe(found["words"])}  # noqa: S308  escaped by Markdown
    return render_to_string("campaigns/scale.html", {**parts, "scores": range(11), "brand": brand}).strip()


def with_preheader(html: str, preheader: str) -> str:
    """Put the preview text first in the body, where inboxes look for it, invisible in the mail itself."""
    if not preheader:
        return html
    context = {"preheader": _escaped_around_liquid(preheader), "filler": FILLER}
    return insert_at_top(html, render_to_string("campaigns/preheader.html", context))


def _escaped_around_liquid(text: str) -> SafeString:
    """The text as HTML, its Liquid parts untouched: a quotation mark inside them must stay one."""
    kept = LIQUID.findall(text)
    plain = [escape(part) for part in LIQUID.split(text)]
    return mark_safe("".join(part for pair in zip(plain, [*kept, ""], strict=True) for part in pair))  # noqa: S308


def insert_at_top(html: str, piece: str) -> str:
    """Insert right after the opening body tag, or before everything where there is none."""
    position = next((found.end() for found in BODY_START.finditer(html) if found["body"]), 0)
    return html[:position] + piece + html[position:]
