"""Valid Liquid of every kind that we compile, and the contexts it is filled with."""

from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    "", " ", "Ann", "  Ann ", "Жана", "O'Brien & <Co>", 'say "hi"', "a\nb", "a\r\nb", "\u200b", "a\u00a0b", ".",
    "..dot", "=3D", "2026-12-01", "now", "x" * 90, "é" * 50, "🌿 leaf", "{{ no }}", "https://x.example/?a=1&b=2",
    "mailto:a@b.c", "#top", "&amp;", "-->", "\0", "\x0b", "\u2028", "tab\tbed", "true", "12", "3.5", "-7", "a,b,c",
)  # fmt: skip
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-50, 1000) | st.sampled_from([0, 1, 2, 0.0, 1.5, -2.25, 1e20])
PLAIN = TEXTS | NUMBERS | st.booleans() | st.none()
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "size", "x y"]), inner),
    max_leaves=6,
)
ATTRIBUTES = ("city", "points", "vip", "tags", "order", "when", "note")
CONTACTS = st.fixed_dictionaries(
    {"email": st.just("ann@example.org"), "first_name": TEXTS, "last_name": TEXTS, "full_name": TEXTS},
    optional={"attributes": st.dictionaries(st.sampled_from(ATTRIBUTES), NESTED)},
)
CONTEXTS = st.fixed_dictionaries({"contact": CONTACTS})

PATHS = (
    "contact.first_name", "contact.last_name", "contact.email", "contact.full_name", "contact.missing", "contact",
    "contact.attributes.city", "contact.attributes.points", "contact.attributes.vip", "contact.attributes.tags",
    "contact.attributes.order", "contact.attributes.order.a", "contact.attributes.order['x y']", "contact.attributes",
    "contact.attributes.tags[0]", "contact.attributes.tags[-1]", "contact.attributes.tags.first", "nobody",
    "contact.attributes.tags.last", "contact.attributes.tags.size", "contact.first_name.size", "nobody.at.all",
    "contact.attributes.order.size", "contact.attributes[contact.attributes.note]", "contact.attributes.when",
    "workspace.name", "unsubscribe_url", "postal_address", "mine", "item", "item.a", "item[0]", "forloop.index",
    "forloop.last", "forloop.parentloop.index", "forloop", "partial", "counted",
)  # fmt: skip
LITERALS = ("'x'", '"a & b"', "''", "1", "0", "-3", "2.5", "true", "false", "nil", "'50'", "(1..3)")
COMPARED_WITH = ("empty", "blank", "nil", "0", "'a'")
FILTERS = (
    "upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "escape", "escape_once", "size", "first", "last",
    "newline_to_br", "strip_html", "strip_newlines", "url_encode", "url_decode", "abs", "ceil", "floor", "round",
    "round: 1", "plus: 1", "minus: 2.5", "times: 3", "divided_by: 2", "divided_by: 0", "modulo: 3", "at_least: 5",
    "at_most: 5", "append: '!'", "append: contact.last_name", "prepend: '<b>'", "prepend: contact.first_name",
    "default: 'friend'", "default: contact.last_name", "default: 'x', allow_false: true", "default: nil",
    "truncate: 5", "truncate: 8, '…'", "truncatewords: 2", "replace: 'a', 'b'", "replace_first: 'a', '<'",
    "remove: 'n'", "split: ','", "split: ''", "split: ' '", "join: '-'", "join: contact.first_name", "reverse", "sort",
    "uniq", "compact", "map: 'a'", "where: 'a', 'x'", "concat: contact.attributes.tags", "slice: 0, 3", "slice: -2, 2",
    "date: '%d %B %Y'", "date: '%Y-%m-%d'", "base64_encode", "squish", "sum",
)  # fmt: skip
WORDS = (
    "Hello ",
    " and ",
    "\n",
    "  ",
    ".\n",
    "Ω ",
    "x",
    "\t",
    "\r\n",
    "<b>bold</b>",
    "&amp;",
    "=",
    "'quoted'",
    "{",
    "% }",
)

paths = st.sampled_from(PATHS)
operands = paths | st.sampled_from(LITERALS)
dashes = st.sampled_from(["", "", "", "-"])


@st.composite
def values(draw: st.DrawFn) -> str:
    """Something to show: a path or a literal, and filters."""
    filters = draw(st.lists(st.sampled_from(FILTERS), max_size=3))
    return " | ".join([draw(operands), *filters])


@st.composite
def conditions(draw: st.DrawFn) -> str:
    """Something to decide by."""
    tests = draw(st.lists(comparisons(), min_size=1, max_size=3))
    joints = draw(st.lists(st.sampled_from([" and ", " or "]), min_size=2, max_size=2))
    return "".join(part for pair in zip(tests, ["", *joints], strict=False) for part in reversed(pair))


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    operator = draw(st.sampled_from(["", "==", "!=", "<>", "<", ">", "<=", ">=", "contains"]))
    right = operands | st.sampled_from(COMPARED_WITH)
    return f"{draw(operands)} {operator} {draw(right)}" if operator else draw(operands)


def tagged(draw: st.DrawFn, words: str) -> str:
    return f"{{%{draw(dashes)} {words} {draw(dashes)}%}}"


@st.composite
def outputs(draw: st.DrawFn) -> str:
    return f"{{{{{draw(dashes)} {draw(values())} {draw(dashes)}}}}}"


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A tag without an inside."""
    return draw(
        st.sampled_from(
            [
                tagged(draw, f"assign mine = {draw(values())}"),
                tagged(draw, f"echo {draw(values())}"),
                tagged(draw, "increment counted"),
                tagged(draw, "decrement counted"),
                tagged(draw, "comment") + "{{ not shown }}" + tagged(draw, "endcomment"),
                tagged(draw, "raw") + "{{ as it is }}" + tagged(draw, "endraw"),
                f"{{% # a remark %}}{{% liquid assign mine = {draw(operands)}\n echo mine %}}",
            ]
        )
    )


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Tags with an inside."""

    @st.composite
    def blocks(draw: st.DrawFn) -> str:
        inside = [draw(inner) for _part in range(3)]
        kind = draw(st.sampled_from(["if", "unless", "case", "for", "for", "capture"]))
        return {"if": _choice, "unless": _choice, "case": _case, "for": _loop, "capture": _capture}[kind](
            draw, kind, inside
        )

    return blocks()


def _choice(draw: st.DrawFn, kind: str, inside: list[str]) -> str:
    parts = [tagged(draw, f"{kind} {draw(conditions())}"), inside[0]]
    if draw(st.booleans()):
        parts += [tagged(draw, f"elsif {draw(conditions())}"), inside[1]]
    if draw(st.booleans()):
        parts += [tagged(draw, "else"), inside[2]]
    return "".join([*parts, tagged(draw, f"end{kind}")])


def _case(draw: st.DrawFn, kind: str, inside: list[str]) -> str:
    whens = f"{draw(operands)}, {draw(operands)}", draw(operands)
    parts = [tagged(draw, f"case {draw(operands)}")]
    parts += [tagged(draw, f"when {when}") + body for when, body in zip(whens, inside, strict=False)]
    return "".join([*parts, tagged(draw, "else"), inside[2], tagged(draw, "endcase")])


def _loop(draw: st.DrawFn, kind: str, inside: list[str]) -> str:
    source = draw(st.sampled_from(["contact.attributes.tags", "contact.attributes.order", "(1..3)", "mine", "item"]))
    options = draw(st.sampled_from(["", "", " limit: 2", " offset: 1", " reversed", " limit: 2 offset: 1 reversed"]))
    leave = draw(st.sampled_from(["", "", "{% break %}", "{% continue %}", "{% if item == 2 %}{% break %}{% endif %}"]))
    parts = [tagged(draw, f"for item in {source}{options}"), inside[0], leave, inside[1]]
    return "".join([*parts, tagged(draw, "else"), inside[2], tagged(draw, "endfor")])


def _capture(draw: st.DrawFn, kind: str, inside: list[str]) -> str:
    return tagged(draw, "capture mine") + inside[0] + tagged(draw, "endcapture") + draw(outputs())


def templates(words: tuple[str, ...] = WORDS) -> st.SearchStrategy[str]:
    """Whole templates; `words` is what stands between the tags."""
    leaf = st.sampled_from(words) | outputs() | statements()
    some = st.lists(leaf, min_size=1, max_size=3).map("".join)
    block = st.recursive(some, lambda inner: nested(inner) | some, max_leaves=8)
    return st.lists(block, min_size=1, max_size=4).map("".join)


def context_for(contact: dict[str, Any]) -> dict[str, Any]:
    """A contact's part of the context, with that of the workspace."""
    return {
        **contact,
        "workspace": {"name": "Maren & Moss"},
        "postal_address": "12 Oborishte Street\n1504 Sofia",
        "unsubscribe_url": "https://unsubscribe.invalid/",
    }
