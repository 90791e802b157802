"""The cross-competence matrix for a spreadsheet."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from emailops.lib.csvfile import write_table
from sprints.competence import Cell, Matrix


def matrix_lines(matrix: Matrix) -> Iterator[str]:
    """A line a person with the level in each skill, an asterisk where he or she wants to learn it.

    Then who does each alone in number, what is missing in words, and what the next sprint asks in points.
    """
    return write_table([_("who"), *(skill.name for skill in matrix.skills)], _lines(matrix))


def _lines(matrix: Matrix) -> Iterator[list[object]]:
    for row in matrix.rows:
        yield [str(row.member), *(_shown(cell) for cell in row.cells)]
    words = {"nobody": _("nobody"), "one": _("one person only"), "": ""}
    yield [_("do it alone"), *(len(each.able) for each in matrix.coverage)]
    yield [_("gap"), *(words[each.gap] for each in matrix.coverage)]
    if matrix.sprint is not None:
        yield [
            _("points in sprint %(number)d") % {"number": matrix.sprint.number},
            *(c.demand for c in matrix.coverage),
        ]


def _shown(cell: Cell) -> str:
    return f"{cell.level.value}{'*' if cell.wants_to_learn else ''}"
