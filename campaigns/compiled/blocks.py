"""Liquid blocks as Python statements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions.primitive import StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.doc_tag import DocNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.builtin.tags.liquid_tag import LiquidNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.context import RenderContext

from campaigns.compiled.expressions import Expressions, Scope, Unsupported
from campaigns.compiled.source import Source
from campaigns.compiled.values import with_line_feeds

DEEPEST_LOOPS = 12  # python-liquid goes to about twenty-five, Python itself to twenty


class Style(Enum):
    """What becomes of a template's text and values.

    TRACE notes which way the template went, and its values: all in which two readers' mails differ. WRITE puts
    everything out in order. MUTE puts nothing out: python-liquid drops the white space of blocks that hold no more.
    """

    TRACE = "trace"
    WRITE = "write"
    MUTE = "mute"


class Blocks:
    """Writes Python for the nodes of one template."""

    def __init__(self, source: Source, expressions: Expressions, context: RenderContext, style: Style) -> None:
        self.known: dict[str, str] = {}  # names from outside, and what is shown of them
        self.counts_rounds = False
        self._source = source
        self._expressions = expressions
        self._context = context
        self._style = style
        self._out = "out"
        self._show = "show"
        self._pending: list[str] = []
        self._loops: list[tuple[Style, str, str]] = []  # of each open loop: its style, its rounds, its helper

    def nodes(self, nodes: Sequence[Node], scope: Scope) -> None:
        """Write the nodes one after the other. Raises `Unsupported`."""
        for node in nodes:
            self._node(node, scope)
        self._flush()

    def _node(self, node: Node, scope: Scope) -> None:
        if isinstance(node, ContentNode):
            self._text(node.text)
        elif isinstance(node, OutputNode):
            self._put(self._output(node, scope))
        elif not isinstance(node, CommentNode | DocNode):
            self._flush()
            self._tag(node, scope)

    def _tag(self, node: Node, scope: Scope) -> None:
        write = {
            IfNode: self._if, UnlessNode: self._if, CaseNode: self._case, ForNode: self._for, BreakNode: self._leave,
            ContinueNode: self._leave, AssignNode: self._assign, CaptureNode: self._capture,
            IncrementNode: self._count, DecrementNode: self._count, LiquidNode: self._liquid,
        }.get(type(node))  # fmt: skip
        if write is None:
            raise Unsupported(type(node).__name__)
        write(node, scope)  # type: ignore[operator]  # each takes the node that it stands for

    def _text(self, text: str) -> None:
        if self._style is Style.WRITE:
            self._pending.append(self._source.bind(with_line_feeds(text)))

    def _put(self, code: str) -> None:
        if self._style is Style.MUTE:
            raise Unsupported("a value in a block that puts nothing out")
        self._pending.append(code)

    def _flush(self) -> None:
        if self._pending:
            self._source.line(f"{self._out} += ({', '.join(self._pending)},)")
            self._pending.clear()

    def _output(self, node: OutputNode, scope: Scope) -> str:
        name = self._expressions.names_itself(node.expression, scope)
        if self._show == "show" and name in self.known:
            return self.known[name]
        return self._expressions.remembered(node.expression, scope, self._show)

    def _block(self, block: BlockNode, scope: Scope) -> None:
        with self._set(style=Style.MUTE if block.blank else self._style):
            self.nodes(block.nodes, scope)

    @contextmanager
    def _set(self, *, style: Style, out: str = "", show: str = "") -> Iterator[None]:
        before = self._style, self._out, self._show
        self._style, self._out, self._show = style, out or self._out, show or self._show
        yield
        self._style, self._out, self._show = before

    def _turn(self, number: int | str) -> None:
        """Note the way that was taken."""
        if self._style is Style.TRACE:
            self._source.line(f"turn({number})")

    def _if(self, node: IfNode | UnlessNode, scope: Scope) -> None:
        first = self._expressions.test(node.condition, scope)
        ways = [(f"not {first}" if isinstance(node, UnlessNode) else first, node.consequence)]
        ways += [(self._expressions.test(other.expression, scope), other.block) for other in node.alternatives]
        with self._set(style=Style.MUTE if node.blank else self._style):
            for number, (test, block) in enumerate(ways):
                with self._source.block(f"{'elif' if number else 'if'} {test}:"):
                    self._turn(number)
                    self._block(block, scope)
            with self._source.block("else:"):
                self._turn(len(ways))
                if node.default:
                    self._block(node.default, scope)

    def _case(self, node: CaseNode, scope: Scope) -> None:
        """Every `when` that fits is shown, as often as it fits; an `else` only while none before it did."""
        none_fits = self._source.fresh()
        self._source.line(f"{none_fits} = True")
        for block in node.blocks:
            if isinstance(block, MultiExpressionBlockNode):
                self._when(block, none_fits, scope)
            else:
                with self._source.block(f"if {none_fits}:"):
                    self._block(block, scope)

    def _when(self, node: MultiExpressionBlockNode, none_fits: str, scope: Scope) -> None:
        left, several = node.expression.left, len(node.expression.expressions) > 1
        if several and self._is_left_early(node.block):
            raise Unsupported("a way out of a block that may be shown twice")
        value, times = self._source.fresh(), self._source.fresh()
        self._source.line(f"{value} = {self._expressions.code(left, scope)}")
        codes = [self._expressions.code(right, scope) for right in node.expression.expressions]
        self._source.line(f"{times} = {' + '.join(f'equal({value}, {code})' for code in codes)}")
        self._turn(f"+{times}")
        with self._source.block(f"if {times}:"):
            self._source.line(f"{none_fits} = False")
            if several:
                with self._source.block(f"for {self._source.fresh()} in range({times}):"):
                    self._block(node.block, scope)
            else:
                self._block(node.block, scope)

    def _for(self, node: ForNode, scope: Scope) -> None:
        loop, chosen, length = node.expression, self._source.fresh(), self._source.fresh()
        self._source.line(f"{chosen} = {self._members(node, scope)}")
        self._source.line(f"{length} = len({chosen})")
        with self._source.block(f"if {length}:"):
            self._turn(length)
            rounds = self._limited(length)
            item, helper = self._source.fresh(), ""
            inner = {**scope, loop.identifier: item}
            if self.counts_rounds:
                helper = self._source.fresh()
                name = self._source.bind(f"{loop.identifier}-{loop.iterable}")
                parent = next((held for _style, _rounds, held in reversed(self._loops)), "no_loop")
                self._source.line(f"{helper} = ForLoop({name}, iter({chosen}), {length}, {parent})")
                inner = {**scope, "forloop": helper, loop.identifier: item}
            self._loops.append((self._style, rounds, helper))
            with self._source.block(f"for {item} in {helper or chosen}:"):
                if self._is_left_early(node.block):
                    self._turn(1)
                self._block(node.block, inner)
            self._loops.pop()
        with self._source.block("else:"):
            self._turn(0)
            if node.default:
                self._block(node.default, scope)

    def _limited(self, length: str) -> str:
        """The rounds of this loop and those around it together; too many are for the slow way to complain about."""
        if len(self._loops) >= DEEPEST_LOOPS:
            raise Unsupported("very deep loops")
        rounds = self._source.fresh()
        around = f"{self._loops[-1][1]} * " if self._loops else ""
        with self._source.block(f"if ({rounds} := {around}{length}) > LOOPS:"):
            self._source.line("raise NeedsReference")
        return rounds

    def _members(self, node: ForNode, scope: Scope) -> str:
        loop = node.expression
        if isinstance(loop.offset, StringLiteral) and loop.offset.value == "continue":
            raise Unsupported("a loop that goes on where another ended")
        iterable = self._expressions.code(loop.iterable, scope)
        if loop.limit is None and loop.offset is None and not loop.reversed:
            return f"members({iterable})"
        limit = self._expressions.code(loop.limit, scope) if loop.limit is not None else "ABSENT"
        offset = self._expressions.code(loop.offset, scope) if loop.offset is not None else "0"
        return f"portion({iterable}, {limit}, {offset}, {loop.reversed})"

    def _leave(self, node: BreakNode | ContinueNode, scope: Scope) -> None:
        word, number = ("break", -1) if isinstance(node, BreakNode) else ("continue", -2)
        if not self._loops:
            raise Unsupported(f"{word} outside a loop")
        if self._loops[-1][0] is Style.TRACE:
            self._source.line(f"turn({number})")
        self._source.line(word)

    def _is_left_early(self, node: Node) -> bool:
        if isinstance(node, BreakNode | ContinueNode):
            return True
        return any(map(self._is_left_early, node.children(self._context)))

    def _assign(self, node: AssignNode, scope: Scope) -> None:
        name = self._source.bind(str(node.name))
        self._source.line(f"keep(L, {name}, {self._expressions.code(node.expression, scope)})")

    def _capture(self, node: CaptureNode, scope: Scope) -> None:
        parts = self._source.fresh()
        self._source.line(f"{parts} = []")
        with self._set(style=Style.WRITE, out=parts, show="show_inside"):
            self._block(node.block, scope)
        self._source.line(f"keep(L, {self._source.bind(str(node.name))}, captured({parts}))")

    def _count(self, node: IncrementNode | DecrementNode, scope: Scope) -> None:
        count = "count_up" if isinstance(node, IncrementNode) else "count_down"
        self._put(f"{self._show}({count}(C, {self._source.bind(str(node.name))}))")

    def _liquid(self, node: LiquidNode, scope: Scope) -> None:
        self._block(node.block, scope)
