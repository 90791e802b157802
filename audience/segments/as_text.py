"""A rule as JSON text, and back with the place of what is wrong."""

import json

from django.utils.translation import gettext as _

from audience.segments.definition import Group, SegmentBroken, read_definition, write_definition

LONGEST = 200_000


def rule_as_text(definition: Group) -> str:
    return json.dumps(write_definition(definition), indent=2, ensure_ascii=False)


def rule_from_text(text: str) -> Group:
    """Raises `SegmentBroken` with the line and column, or with the path of the part that is wrong."""
    if len(text) > LONGEST:
        raise SegmentBroken(_("This is longer than any rule."))
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        sentence = _("This is no JSON: look at line %(line)d, column %(column)d.") % {"line": line, "column": column}
        raise SegmentBroken(sentence) from error
    return read_definition(raw)


def with_place(broken: SegmentBroken) -> str:
    """The sentence with the place in the JSON that it is about."""
    if not broken.place:
        return str(broken)
    return _("At %(place)s: %(sentence)s") % {"place": broken.place, "sentence": str(broken)}
