"""From a checked template to Python functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from liquid import RenderContext
from liquid.builtin.tags.for_tag import ForLoop

from campaigns.compiled import values
from campaigns.compiled.blocks import Blocks, Style
from campaigns.compiled.expressions import Expressions, Unsupported
from campaigns.compiled.source import Source
from campaigns.liquid import LOOPS, Template

Shown = TypeVar("Shown")
Context = Mapping[str, Any]
HELPERS = {
    name: getattr(values, name)
    for name in (
        "ABSENT", "KEPT", "Memo", "NeedsReference", "at_most", "contains", "count_down", "count_up", "equal", "keep",
        "less", "lookup", "members", "portion", "span", "true",
    )
}  # fmt: skip
BEYOND_PYTHON = (Unsupported, SyntaxError, RecursionError, MemoryError)
"""Why a template is not compiled: a construct we leave to python-liquid, or more nesting than Python takes."""


@dataclass(frozen=True, slots=True)
class Program(Generic[Shown]):
    """A template as two functions of what one reader's mail is filled with.

    `trace` gives the ways that the template takes and its values, which is all that tells two readers' mails apart;
    `draw` gives text and values in order. Both raise `STUMBLES` where the slow way has to be taken.
    """

    trace: Callable[[Context], tuple[list[int], list[Shown]]]
    draw: Callable[[Context], list["str | Shown"]]


def compile_program(
    template: Template, show: Callable[[str], Shown], known: Mapping[str, Shown]
) -> Program[Shown] | None:
    """Compile a template whose values become what `show` makes of their text; None when it cannot be compiled.

    `known` are names from outside, and what is shown where one stands alone.
    """
    shown = _shown(template)
    notes = values.Memo(show)
    plain = values.Memo(lambda text: show(shown(text)))

    def noted(value: Any) -> Shown:
        return plain[value] if value.__class__ in values.KEPT else notes[shown(value)]

    trace = _function(template, Style.TRACE, noted, known)
    draw = _function(template, Style.WRITE, noted, known)
    return Program(trace, draw) if trace and draw else None


def compile_text(template: Template) -> Callable[[Context], str] | None:
    """Compile a template to a function that gives its text; None when it cannot be compiled."""
    write = _function(template, Style.WRITE, _shown(template), {})
    return (lambda context: values.joined(write(context))) if write else None


def _shown(template: Template) -> Callable[[Any], str]:
    return values.shown_in_html if template.parsed.env.autoescape else values.shown_in_text


def _function(
    template: Template, style: Style, show: Callable[[Any], Any], known: Mapping[str, Any]
) -> Callable[[Context], Any] | None:
    parsed, context = template.parsed, RenderContext(template.parsed)
    names = {
        **HELPERS,
        "LOOPS": LOOPS,
        "ForLoop": ForLoop,
        "no_loop": context.parentloop(),
        "show": show,
        "show_inside": _shown(template),
        "captured": values.captured if parsed.env.autoescape else values.joined,
    }
    source = Source(names)
    try:
        _write(template, Blocks(source, _expressions(template, source), context, style), known, source)
        code = source.function("fill", ["L, C, out, ways = {}, {}, [], []", "turn = ways.append"], RETURN[style])
        exec(compile(code, "<template>", "exec"), names)  # noqa: S102  every word of it was made here, see `Source`
    except BEYOND_PYTHON:
        return None
    return names["fill"]  # type: ignore[no-any-return]


RETURN = {Style.TRACE: "return ways, out", Style.WRITE: "return out"}


def _expressions(template: Template, source: Source) -> Expressions:
    return Expressions(template.parsed, source, set(map(str, template.parsed.analyze().locals)))


def _write(template: Template, blocks: Blocks, known: Mapping[str, Any], source: Source) -> None:
    blocks.known = {name: source.bind(shown) for name, shown in known.items()}
    blocks.counts_rounds = "forloop" in template.parsed.analyze().variables
    blocks.nodes(template.parsed.nodes, {})
