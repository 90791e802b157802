"""The template language of personal parts: Liquid, with limits, on plain dictionaries only.

A person's text never reaches Django's or Python's own templates, and a template never reaches anything but the
dictionary it is given.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from liquid import BoundTemplate, Environment
from liquid.exceptions import FilterArgumentError, LiquidError, UnknownFilterError
from liquid.token import TOKEN_TAG, Token

from emailops.lib.errors import DomainError

LOOPS = 10_000  # rounds of all loops together, and members of a range that a filter takes
LONGEST_OUTPUT = 1_000_000  # bytes; Gmail clips a mail at a tenth of it
LONGEST_NAMESPACE = 200_000  # bytes of assigned variables
REMOVED_TAGS = ("include", "render")  # there is nothing to load
REMOVED_FILTERS = ("safe",)  # what contacts typed is always escaped
SLIPS = (ArithmeticError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
"""What the library's own filters let through on odd data: `"inf" | ceil`, `"/w==" | base64_decode`."""
PLAINER: tuple[tuple[re.Pattern[str], "str | Promise"], ...] = (
    (re.compile(r"expected tag (?P<tag>\w+)"), gettext_lazy("“{%% %(tag)s %%}” is missing")),
    (re.compile(r"unexpected tag '(?P<tag>[^']*)'"), gettext_lazy("“{%% %(tag)s %%}” makes no sense here")),
    (re.compile(r"expected '(?P<mark>[^']+)', found end"), gettext_lazy("“%(mark)s” is missing")),
    (re.compile(r"unknown filter '(?P<name>[^']*)'"), gettext_lazy("there is no filter “%(name)s”")),
    (re.compile(r"found end of expression"), gettext_lazy("something is missing before the end of the braces")),
    (re.compile(r"loop iteration limit"), gettext_lazy("its loops go round too often")),
    (re.compile(r"output stream limit"), gettext_lazy("it becomes longer than a mail can be")),
    (re.compile(r"namespace limit"), gettext_lazy("it keeps too much in variables")),
)
"""The library's commonest complaints in plain words; others are passed on as they are."""
PIECE = re.compile(r"\{\{.*?\}\}|\{%-?\s*(?P<tag>\w+).*?%\}", re.DOTALL)


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
            raise RenderFailed(_("The text cannot be filled in: %(why)s.") % {"why": _why(error)}) from error
        except SLIPS as error:
            raise RenderFailed(_("The text cannot be filled in: a filter does not take this value.")) from error

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
    for name, filter_ in environment.filters.items():
        environment.filters[name] = _bounded(name, filter_)
    return environment


def _bounded(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, kept from making more than a mail can hold: the library limits what is put out, not what is made."""

    @wraps(filter_)
    def bounded(left: Any, *args: Any, **kwargs: Any) -> Any:
        for value in (left, *args):
            if isinstance(value, range) and len(value) > LOOPS:
                raise FilterArgumentError(f"{name}: the range is too long", token=None)
        if (
            _announced(name, left, args) > LONGEST_OUTPUT
            or _size(made := filter_(left, *args, **kwargs)) > LONGEST_OUTPUT
        ):
            raise FilterArgumentError(f"{name}: the result is too long", token=None)
        return made

    return bounded


def _announced(name: str, left: Any, args: tuple[Any, ...]) -> int:
    """How long the result will be, of the filters whose result can be far longer than what they take."""
    if name == "join" and isinstance(left, list | tuple | range) and args:
        return len(left) * len(str(args[0]))
    if name == "replace" and len(args) > 1:
        return str(left).count(str(args[0])) * len(str(args[1]))
    return 0


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list | tuple):
        return 0
    return len(value) + sum([len(item) if isinstance(item, str) else _size(item) for item in value])


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
        parsed = environment.from_string(source)
        _require_known_filters(environment, parsed, source)
    except LiquidError as error:
        raise TemplateRefused(_explained(error, environment, source)) from error
    except SLIPS as error:
        raise TemplateRefused(_("The personal parts are nested too deep.")) from error
    return Template(parsed)


def _require_known_filters(environment: Environment, parsed: BoundTemplate, source: str) -> None:
    """The library would find out only while rendering, which is too late: say it to the one who writes."""
    for name, spans in parsed.analyze().filters.items():
        if name not in environment.filters:
            token = Token(TOKEN_TAG, name, min(span.index for span in spans), source)
            raise UnknownFilterError(f"unknown filter '{name}'", token=token)


def _explained(error: LiquidError, environment: Environment, source: str) -> str:
    start = getattr(error.token, "start_index", -1)
    if start < 0:
        start = _suspect(environment, source)
    if start < 0:
        return _("The personal parts have an error: %(why)s.") % {"why": _why(error)}
    line = source.count("\n", 0, start) + 1
    return _("Line %(line)d: %(why)s.") % {"line": line, "why": _why(error)}


def _suspect(environment: Environment, source: str) -> int:
    """Where the error is when the parser only says “at the end”: a piece that fails alone, or a block left open."""
    opened: list[int] = []
    for piece in PIECE.finditer(source):
        tag = piece["tag"] or ""
        is_block = tag in environment.tags and environment.tags[tag].block
        if (not tag or tag in environment.tags) and not _parses(environment, piece.group(), tag if is_block else ""):
            return piece.start()
        if is_block:
            opened.append(piece.start())
        elif tag.startswith("end") and opened:
            opened.pop()
    return opened[-1] if opened else -1


def _parses(environment: Environment, piece: str, block: str) -> bool:
    try:
        environment.from_string(piece + (f"{{% end{block} %}}" if block else ""))
    except (LiquidError, *SLIPS):
        return False
    return True


def _why(error: LiquidError) -> str:
    said = str(error.args[0] if error.args else error).splitlines()[0].rstrip(".")
    for pattern, plain in PLAINER:
        if found := pattern.search(said):
            return str(plain) % found.groupdict()
    return said
