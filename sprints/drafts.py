"""Stories from a pasted list: one line a story, `Title | as a | I want | so that`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sprints.models import Story
from workspaces.models import Workspace

MOST_DRAFTS = 200
PARTS = ("title", "as_a", "i_want", "so_that")
BULLET = re.compile(r"^\s*(?:[-*•–·]|\d{1,3}[.)])?\s*(?:\[[ xX]?\])?\s*")


@dataclass(frozen=True, slots=True)
class Draft:
    """One line. `refused` says why it is no story; `twin` is the number of an open story of the same title."""

    line: int
    fields: dict[str, str]
    refused: str = ""
    twin: int | None = None

    @property
    def title(self) -> str:
        return self.fields["title"]


def read_drafts(text: str) -> list[Draft]:
    """The lines that say something, without bullets, numbers and tick boxes before them."""
    lines = ((n, BULLET.sub("", line).strip()) for n, line in enumerate(text.splitlines(), start=1))
    return [_draft(n, line) for n, line in lines if line]


def _draft(number: int, line: str) -> Draft:
    parts = [part.strip() for part in line.split("\t" if "\t" in line and "|" not in line else "|")]
    fields = dict(zip(PARTS, parts + [""] * len(PARTS), strict=False))
    return Draft(number, fields, refused=_refusal(parts, fields))


def _refusal(parts: Sequence[str], fields: dict[str, str]) -> str:
    if len(parts) > len(PARTS):
        return _("More than four parts: write title | as a | I want | so that.")
    if not fields["title"]:
        return _("The title is missing.")
    return too_long(fields)


def too_long(fields: dict[str, str]) -> str:
    """Why these texts do not fit into a story; empty when they do."""
    for name, text in fields.items():
        field = Story._meta.get_field(name)
        most = getattr(field, "max_length", None)
        if most and len(text) > most:
            return _("“%(part)s” has %(count)d characters; at most %(most)d fit.") % {
                "part": getattr(field, "verbose_name", name), "count": len(text), "most": most,
            }  # fmt: skip
    return ""


def with_twins(workspace: Workspace, drafts: Iterable[Draft]) -> list[Draft]:
    """The same drafts, each told whether an open story has its title already. One query."""
    drafts = list(drafts)
    known = _open_titles(workspace)
    return [Draft(d.line, d.fields, d.refused, known.get(d.title.casefold())) for d in drafts]


def _open_titles(workspace: Workspace) -> dict[str, int]:
    found = Story.objects.for_workspace(workspace).in_backlog().values_list("title", "number")
    return {title.casefold(): number for title, number in found}
