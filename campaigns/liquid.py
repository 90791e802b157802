"""The template language of personal parts: Liquid, with limits, on plain dictionaries only.

A person's text never reaches Django's or Python's own templates, and a template never reaches anything but the
dictionary it is given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from emailops.lib.errors import DomainError

LOOPS = 10_000  # rounds of all loops together
LONGEST_OUTPUT = 1_000_000  # bytes; Gmail clips a mail at a tenth of it
LONGEST_NAMESPACE = 200_000  # bytes of assigned variables
REMOVED_TAGS = ("include", "render")  # there is nothing to load
REMOVED_FILTERS = ("safe",)  # what contacts typed is always escaped


class TemplateRefused(DomainError):
    """The text has a Liquid error; the message names the line and what is wrong."""

    code = "template_refused"
    status = 400


class RenderFailed(DomainError):
    """The template cannot be filled in for this contact."""

    code = "render_failed"


class _Limited(Environment):
    loop_iteration_limit = LOOPS
    output_stream_limit = LONGEST_OUTPUT
    local_namespace_limit = LONGEST_NAMESPACE


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template, ready to be filled in many times."""

    parsed: BoundTemplate

    def fill(self, context: Mapping[str, Any]) -> str:
        """The text for one reader. Raises `RenderFailed` when a limit is hit or a filter fails on the data."""
        try:
            return self.parsed.render(**context)
        except LiquidError as error:
            raise RenderFailed(_("The text cannot be filled in: %(why)s.") % {"why": _first_line(error)}) from error

    def paths(self) -> Iterator[str]:
        """Every variable asked for from outside, as `contact.first_name`."""
        for variables in self.parsed.analyze().globals.values():
            for variable in variables:
                yield ".".join(str(part) for part in variable.segments if isinstance(part, str))


def _environment(*, autoescape: bool) -> Environment:
    environment = _Limited(autoescape=autoescape)
    for tag in REMOVED_TAGS:
        environment.tags.pop(tag, None)
    for name in REMOVED_FILTERS:
        environment.filters.pop(name, None)
    return environment


_html = _environment(autoescape=True)
_text = _environment(autoescape=False)


def html_template(source: str) -> Template:
    """A template whose values are escaped for HTML. Raises `TemplateRefused`."""
    return _parse(_html, source)


def text_template(source: str) -> Template:
    """A template for subjects and plain text. Raises `TemplateRefused`."""
    return _parse(_text, source)


def _parse(environment: Environment, source: str) -> Template:
    try:
        return Template(environment.from_string(source))
    except LiquidError as error:
        raise TemplateRefused(_explained(error, source)) from error


def _explained(error: LiquidError, source: str) -> str:
    start = getattr(error.token, "start_index", -1)
    if start < 0:
        return _("The personal parts have an error: %(why)s.") % {"why": _first_line(error)}
    line = source.count("\n", 0, start) + 1
    return _("Line %(line)d: %(why)s.") % {"line": line, "why": _first_line(error)}


def _first_line(error: LiquidError) -> str:
    return str(error.args[0] if error.args else error).splitlines()[0].rstrip(".")
