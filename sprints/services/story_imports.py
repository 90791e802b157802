"""Verbs on files of stories: open one, try it out, import it. Importing the same file again changes nothing."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.csvfile import rearmed
from emailops.lib.errors import DomainError
from sprints.drafts import too_long
from sprints.models import FileFormat, ImportStep, OriginKind, Story, StoryImport, StoryKind, StoryOrigin
from sprints.ordering import one_at_a_time
from sprints.services.import_parts import Belongings, Bringer, read_belongings
from sprints.services.many import add_stories
from sprints.services.stories import LONGEST_CRITERION, MOST_CRITERIA, MOST_POINTS
from sprints.story_files import MULTIPLE, RECORD, StoryFile, Target, guessed_columns
from workspaces.audit import record
from workspaces.models import Member, Workspace

LONGEST_TITLE = 160
LONGEST_ID = 120
FINISHED = {"done", "closed", "resolved", "complete", "completed", "won't do", "archived", "готово", "завершено"}
KINDS: dict[str, StoryKind] = {
    "campaign": StoryKind.CAMPAIGN, "mail": StoryKind.CAMPAIGN, "email": StoryKind.CAMPAIGN,
    "experiment": StoryKind.EXPERIMENT, "test": StoryKind.EXPERIMENT, "a/b test": StoryKind.EXPERIMENT,
    "content": StoryKind.CONTENT, "template": StoryKind.CONTENT,
    "research": StoryKind.RESEARCH, "spike": StoryKind.RESEARCH,
    "build": StoryKind.BUILD, "bug": StoryKind.BUILD, "task": StoryKind.BUILD, "technical": StoryKind.BUILD,
}  # fmt: skip
TOOLS = {FileFormat.TRELLO: "Trello", FileFormat.JIRA: "Jira"}
DIGEST = 24  # characters of the hash that stands for a title where a file numbers nothing


class ImportRefused(DomainError):
    """The file cannot be imported like this."""

    code = "import_refused"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What each column becomes (empty: nothing), the kind of rows that name none, whether finished ones stay out."""

    columns: Sequence[str]
    kind: StoryKind = StoryKind.CAMPAIGN
    leave_finished: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row that becomes a story. `notes` say what is different from the file."""

    line: int
    fields: dict[str, Any]
    external_id: str
    notes: tuple[str, ...] = ()
    parts: Belongings = field(default_factory=Belongings)


@dataclass(slots=True)
class Plan:
    """What an import would do: stories to write, rows that are there already, rows refused with the reason.

    `left` is what of the stories to write is different from the file.
    """

    stories: list[Prepared] = field(default_factory=list)
    known: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    left: list[tuple[int, str, str]] = field(default_factory=list)


@transaction.atomic
def open_story_import(
    *, workspace: Workspace, filename: str, file: StoryFile, by: Member, now: datetime
) -> StoryImport:
    """Keep a file until its columns are matched; what they probably are is guessed."""
    found = StoryImport.objects.create(
        workspace=workspace,
        filename=filename[-200:] or str(file.format.label),
        format=file.format,
        header=file.header,
        rows=[[line, *row] for line, row in zip(file.lines, file.rows, strict=True)],
        mapping={"columns": guessed_columns(file.header)},
        created_by=by,
        created_at=now,
    )
    record("story_import.opened", found, by=by, now=now, rows=len(file.rows))
    return found


def plan_import(found: StoryImport, mapping: Mapping) -> Plan:
    """What importing would do, without doing it. Raises `ImportRefused` for a mapping without a title. Two queries."""
    _require_title(found, mapping)
    reader = _Rows(found, mapping)
    plan = Plan()
    for line, *cells in found.rows:
        reader.read(line, [rearmed(cell) for cell in cells], plan)
    return plan


def _require_title(found: StoryImport, mapping: Mapping) -> None:
    if found.step == ImportStep.DONE:
        raise ImportRefused(_("This file is imported already. Upload it again to bring in what is new."))
    if Target.TITLE not in mapping.columns:
        raise ImportRefused(_("Say which column is the title."))
    single = [target for target in mapping.columns if target and target not in MULTIPLE]
    if len(single) != len(set(single)):
        raise ImportRefused(
            _("Two columns become the same thing. Only texts, lists, labels, comments and files can be put together.")
        )


def people_by_name(workspace: Workspace) -> dict[str, Member]:
    """Members by their addresses and names, in small letters. One query."""
    people = Member.objects.for_workspace(workspace).active().select_related("user")
    return {key.casefold(): member for member in people for key in (member.user.email, member.user.name)}


class _Rows:
    """Reads rows into a plan, and remembers what was seen."""

    def __init__(self, found: StoryImport, mapping: Mapping) -> None:
        self._mapping = mapping
        known = StoryOrigin.objects.for_workspace(found.workspace).filter(system=found.format)
        self._seen = set(known.values_list("external_id", flat=True))
        self._people = people_by_name(found.workspace)

    def read(self, line: int, cells: Sequence[str], plan: Plan) -> None:
        told = self._told(cells)
        title = told.get(Target.TITLE, "")
        if not title:
            plan.refused.append((line, "", _("The title is missing.")))
            return
        if self._mapping.leave_finished and told.get(Target.STATUS, "").casefold() in FINISHED:
            plan.refused.append((line, title, _("It is finished already: %(status)s.") % {"status": told["status"]}))
            return
        external_id = told.get(Target.EXTERNAL_ID, "")[:LONGEST_ID] or _digest(title)
        if external_id in self._seen:
            plan.known.append((line, title))
            return
        try:
            prepared = self._prepared(line, told, external_id)
        except ImportRefused as refusal:
            plan.refused.append((line, title, str(refusal)))
            return
        self._seen.add(external_id)
        plan.stories.append(prepared)
        plan.left += [(line, prepared.fields["title"], note) for note in prepared.notes]

    def _told(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells by what they become; problem and criteria of several columns come together."""
        told: dict[str, str] = {}
        for target, cell in zip(self._mapping.columns, cells, strict=False):
            if target and cell:
                between = RECORD if target == Target.COMMENTS else "\n"
                told[target] = f"{told[target]}{between}{cell}" if target in told else cell
        return told

    def _prepared(self, line: int, told: dict[str, str], external_id: str) -> Prepared:
        notes: list[str] = []
        fields: dict[str, Any] = {name: told.get(name, "") for name in ("as_a", "i_want", "so_that", "problem")}
        fields["title"] = told[Target.TITLE].replace("\n", " ")
        if len(fields["title"]) > LONGEST_TITLE:
            fields["problem"] = f"{fields['title']}\n\n{fields['problem']}".strip()
            fields["title"] = f"{fields['title'][: LONGEST_TITLE - 1]}…"
            notes.append(_("The title was too long; the whole of it stands in the problem."))
        if words := too_long(fields):
            raise ImportRefused(words)
        fields["kind"] = KINDS.get(told.get(Target.KIND, "").casefold(), self._mapping.kind)
        fields["points"] = _points(told.get(Target.POINTS, ""))
        people = [self._person(name.strip(), notes) for name in told.get(Target.ASSIGNEE, "").split("\n")]
        fields["assignee"] = people[0]
        fields["criteria"] = _criteria(told.get(Target.CRITERIA, ""), notes)
        helpers = [person for person in dict.fromkeys(people[1:]) if person and person != people[0]]
        parts = read_belongings(told, helpers, notes)
        return Prepared(line, fields, external_id, tuple(notes), parts)

    def _person(self, name: str, notes: list[str]) -> Member | None:
        found = self._people.get(name.casefold())
        if name and found is None:
            notes.append(_("Nobody in the team is called %(name)s.") % {"name": name})
        return found


def _digest(title: str) -> str:
    """What stands for a row without a number of its own: the same title is the same story."""
    plain = " ".join(title.casefold().split())
    return "title:" + hashlib.sha256(plain.encode()).hexdigest()[:DIGEST]


def _points(text: str) -> int | None:
    """Whole points, half ones rounded up. Raises `ImportRefused`."""
    if not text or text == "?":
        return None
    found = re.fullmatch(r"(\d{1,3})(?:[.,](\d+))?", text)
    points = int(found[1]) + (int(found[2][0]) >= 5 if found[2] else 0) if found else MOST_POINTS + 1
    if points > MOST_POINTS:
        raise ImportRefused(
            _("“%(text)s” is not a number of points from 0 to %(most)d.") % {"text": text[:40], "most": MOST_POINTS}
        )
    return points


def _criteria(text: str, notes: list[str]) -> list[str]:
    lines = [re.sub(r"^\s*(?:[-*•]|\[[ xX]?\])+\s*", "", line).strip() for line in text.splitlines()]
    lines = [line for line in dict.fromkeys(lines) if line]
    if len(lines) > MOST_CRITERIA or any(len(line) > LONGEST_CRITERION for line in lines):
        notes.append(_("Only the first %(most)d criteria came along, and long ones are cut.") % {"most": MOST_CRITERIA})
    return [line[:LONGEST_CRITERION] for line in lines[:MOST_CRITERIA]]


@transaction.atomic
def run_import(*, found: StoryImport, mapping: Mapping, by: Member, now: datetime) -> Plan:
    """Write the stories of a file at the end of the backlog, and keep which rows were refused.

    The rows themselves are forgotten then. Raises `ImportRefused`, also when it is done already.
    """
    one_at_a_time(found.workspace_id)
    found = StoryImport.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=found.pk)
    plan = plan_import(found, mapping)
    written = [prepared.fields for prepared in plan.stories]
    stories = add_stories(workspace=found.workspace, written=written, by=by, now=now, on_top=False)
    StoryOrigin.objects.bulk_create(_origin(found, *pair) for pair in zip(stories, plan.stories, strict=True))
    _bring_along(found, stories, plan, by, now)
    found.taken, found.known, found.refused = len(stories), len(plan.known), [list(row) for row in plan.refused]
    found.mapping = {"columns": list(mapping.columns)}
    found.step, found.done_at, found.rows = ImportStep.DONE, now, []
    found.save()
    record("story_import.done", found, by=by, now=now, taken=found.taken, known=found.known, refused=len(found.refused))
    return plan


def _bring_along(found: StoryImport, stories: Sequence[Story], plan: Plan, by: Member, now: datetime) -> None:
    """Write what belongs to each story, and keep in the import what came along and what stayed behind."""
    tool = TOOLS.get(FileFormat(found.format)) or found.filename
    bringer = Bringer(people_by_name(found.workspace), tool, by, now)
    for story, row in zip(stories, plan.stories, strict=True):
        plan.left += [(row.line, row.fields["title"], note) for note in bringer.bring(story, row.parts)]
    found.left, found.brought = [list(row) for row in plan.left], dict(bringer.counts)


def _origin(found: StoryImport, story: Story, row: Prepared) -> StoryOrigin:
    named = "" if row.external_id.startswith("title:") else f" {row.external_id}"
    return StoryOrigin(
        workspace=found.workspace,
        story=story,
        kind=OriginKind.IMPORT,
        words=f"{found.get_format_display()}{named}",
        system=found.format,
        external_id=row.external_id,
    )


@transaction.atomic
def discard_import(*, found: StoryImport, by: Member, now: datetime) -> None:
    """Forget a file that was not imported. Raises `ImportRefused` once it is."""
    found = StoryImport.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=found.pk)
    if found.step == ImportStep.DONE:
        raise ImportRefused(_("This file is imported already; its stories stay."))
    record("story_import.discarded", found, by=by, now=now)
    found.delete()


@transaction.atomic
def import_at_once(
    *,
    workspace: Workspace,
    file: StoryFile,
    filename: str,
    mapping: Mapping,
    dry_run: bool,
    by: Member,
    now: datetime,
) -> Plan:
    """Import a file whose columns are known, or say what would come of it. Raises `ImportRefused`."""
    if len(mapping.columns) != len(file.header):
        said = _("The file has %(count)d columns; say what becomes of each.") % {"count": len(file.header)}
        raise ImportRefused(said, fields={"columns": [said]})
    if dry_run:
        rows = [[line, *row] for line, row in zip(file.lines, file.rows, strict=True)]
        return plan_import(StoryImport(workspace=workspace, format=file.format, rows=rows), mapping)
    found = open_story_import(workspace=workspace, filename=filename, file=file, by=by, now=now)
    return run_import(found=found, mapping=mapping, by=by, now=now)
