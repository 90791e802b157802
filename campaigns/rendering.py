"""From what a marketer wrote to what one reader gets.

This is the reference path: the preview uses it, and whatever sends faster must give the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from audience.models import Contact
from campaigns.liquid import Template, html_template, text_template
from campaigns.models import ContentFormat, ContentVersion
from campaigns.plaintext import text_from_html
from workspaces.models import Workspace

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
MARK = "\ue000{}\ue001"  # private use characters: Markdown leaves them alone
BUTTON = re.compile(r'<p><a href="(?P<href>[^"]*)" title="button">(?P<words>.*?)</a></p>')
CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")  # would break or fake a header line
BODY_START = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
CONTACT_PATHS = ("email", "first_name", "last_name", "full_name", "language")
UNSUBSCRIBE = "unsubscribe_url"
POSTAL_ADDRESS = "postal_address"


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """What one reader gets."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class CompiledContent:
    """A content version, parsed once for many readers."""

    version: ContentVersion

    @cached_property
    def subject(self) -> Template:
        return text_template(self.version.subject)

    @cached_property
    def html(self) -> Template:
        return html_template(self.version.html)

    def render(self, context: Mapping[str, Any]) -> RenderedMail:
        """The mail for one reader. Raises `RenderFailed`."""
        html = self.html.fill(context)
        return RenderedMail(header_text(self.subject.fill(context)), html, text_from_html(html))


def header_text(text: str) -> str:
    """A text as it may stand in a header: one line, no control characters (RFC 5322 section 2.2)."""
    return CONTROL.sub(" ", text).strip()


def personal_context(contact: Contact, workspace: Workspace, *, unsubscribe_url: str) -> dict[str, Any]:
    """Everything a template can ask about; plain values only."""
    return {
        "contact": {path: str(getattr(contact, path)) for path in CONTACT_PATHS}
        | {"attributes": dict(contact.attributes)},
        "workspace": {"name": workspace.name},
        UNSUBSCRIBE: unsubscribe_url,
        POSTAL_ADDRESS: workspace.postal_address,
    }


def template_from_source(*, written_as: str, source: str, preheader: str, language: str) -> str:
    """The HTML template that a source becomes: Markdown gets the house layout, and both get the preview text."""
    html = source
    if written_as == ContentFormat.MARKDOWN:
        body = _markdown(source)
        with translation.override(language):
            html = render_to_string("campaigns/layout.html", {"body": body, "language": language})
    return with_preheader(html, preheader)


def _markdown(source: str) -> str:
    """CommonMark to HTML, with the Liquid parts carried through untouched."""
    parts: list[str] = []

    def keep(found: re.Match[str]) -> str:
        parts.append(found.group())
        return MARK.format(len(parts) - 1)

    html: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(LIQUID.sub(keep, source))
    for number, part in enumerate(parts):
        html = html.replace(MARK.format(number), part)
    return BUTTON.sub(_button, html)


def _button(found: re.Match[str]) -> str:
    """A link alone in its paragraph with the title "button" becomes one."""
    return render_to_string(
        "campaigns/button.html",
        {"href": mark_safe(found["href"]), "words": mark_safe(found["words"])},  # noqa: S308  escaped by Markdown
    )


def with_preheader(html: str, preheader: str) -> str:
    """Put the preview text first in the body, where inboxes look for it, invisible in the mail itself."""
    if not preheader:
        return html
    hidden = render_to_string("campaigns/preheader.html", {"preheader": _escaped_around_liquid(preheader)})
    return insert_at_top(html, hidden)


def _escaped_around_liquid(text: str) -> SafeString:
    """The text as HTML, its Liquid parts untouched: a quotation mark inside them must stay one."""
    kept = LIQUID.findall(text)
    plain = [escape(part) for part in LIQUID.split(text)]
    return mark_safe("".join(part for pair in zip(plain, [*kept, ""], strict=True) for part in pair))  # noqa: S308


def insert_at_top(html: str, piece: str) -> str:
    """Insert right after the opening body tag, or before everything where there is none."""
    found = BODY_START.search(html)
    position = found.end() if found else 0
    return html[:position] + piece + html[position:]
