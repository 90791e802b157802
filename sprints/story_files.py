"""Files of stories from other tools, as a header and rows: CSV with any delimiter, Jira's CSV, a Trello board."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.csvfile import UnreadableTable, read_table
from emailops.lib.errors import DomainError
from sprints.models import FileFormat

MOST_ROWS = 2000
MOST_BYTES = 10 * 1024 * 1024  # a Trello board of a thousand cards has some three
LONGEST_CELL = 100_000  # the comments of a card
JIRA_COLUMNS = {"issue key", "summary"}


class Target(models.TextChoices):
    """What a column can become."""

    TITLE = "title", gettext_lazy("Title")
    PROBLEM = "problem", gettext_lazy("Problem")
    CRITERIA = "criteria", gettext_lazy("Acceptance criteria, one a line")
    AS_A = "as_a", gettext_lazy("As a")
    I_WANT = "i_want", gettext_lazy("I want")
    SO_THAT = "so_that", gettext_lazy("So that")
    KIND = "kind", gettext_lazy("Kind")
    POINTS = "points", gettext_lazy("Points")
    ASSIGNEE = "assignee", gettext_lazy("Who (name or e-mail)")
    STATUS = "status", gettext_lazy("Status or list")
    EXTERNAL_ID = "external_id", gettext_lazy("Number in the other tool")
    LABELS = "labels", gettext_lazy("Labels")
    STEPS = "steps", gettext_lazy("Checklists, one step a line")
    COMMENTS = "comments", gettext_lazy("Comments, for the team")
    LINKS = "links", gettext_lazy("Links to files, kept in a comment")
    DUE = "due", gettext_lazy("Due date, kept in a comment")


MULTIPLE = frozenset({Target.PROBLEM, Target.CRITERIA, Target.LABELS, Target.STEPS, Target.COMMENTS, Target.LINKS})
"""What several columns can become together; Jira writes each label, comment and file into a column of its own."""

REPEATED = frozenset({Target.LABELS, Target.COMMENTS, Target.LINKS})
"""What is guessed for every column of that name."""

RECORD = "\x1e"  # between several comments in one cell


GUESSES: dict[str, tuple[str, ...]] = {
    Target.TITLE: ("title", "name", "summary", "story", "subject", "card name", "заголовок", "название", "заглавие"),
    Target.PROBLEM: ("problem", "description", "desc", "card description", "notes", "описание", "проблема"),
    Target.CRITERIA: ("acceptance criteria", "criteria", "custom field (acceptance criteria)"),
    Target.AS_A: ("as a", "as_a", "role", "persona", "как"),
    Target.I_WANT: ("i want", "i_want", "want", "хочу", "искам"),
    Target.SO_THAT: ("so that", "so_that", "why", "чтобы", "за да"),
    Target.KIND: ("kind", "type", "issue type", "тип"),
    Target.POINTS: ("points", "story points", "estimate", "story point estimate", "custom field (story points)",
                    "custom field (story point estimate)", "точки", "баллы"),
    Target.ASSIGNEE: ("assignee", "owner", "who", "members", "исполнитель"),
    Target.STATUS: ("status", "list", "list name", "column", "state", "статус"),
    Target.LABELS: ("labels", "label", "tags", "метки", "етикети"),
    Target.STEPS: ("checklist", "checklists", "steps", "to do", "чек-лист"),
    Target.COMMENTS: ("comment", "comments", "комментарии", "коментари"),
    Target.LINKS: ("attachment", "attachments", "files", "вложения", "файлове"),
    Target.DUE: ("due", "due date", "deadline", "срок"),
    Target.EXTERNAL_ID: ("issue key", "key", "id", "card id", "number", "#"),
}  # fmt: skip


class UnreadableStories(DomainError):
    """The file holds no stories that we can read; the sentence says why and what would do."""

    code = "unreadable_stories"


@dataclass(frozen=True, slots=True)
class StoryFile:
    """What a file holds. Every row has as many cells as the header; `lines` say where each row begins in the file."""

    format: FileFormat
    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_stories_file(content: bytes) -> StoryFile:
    """Find out what a file is, and read it. Raises `UnreadableStories`."""
    if len(content) > MOST_BYTES:
        raise UnreadableStories(_("The file is larger than %(most)d MB.") % {"most": MOST_BYTES // 1024 // 1024})
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}:
        return _bounded(_trello(content))
    return _bounded(_csv(content))


def _bounded(found: StoryFile) -> StoryFile:
    if not found.rows:
        raise UnreadableStories(_("There is no story in this file."))
    return found


def _too_many() -> UnreadableStories:
    return UnreadableStories(
        _("The file has more than %(most)d rows. Split it, or leave out what is finished.") % {"most": MOST_ROWS}
    )


def _csv(content: bytes) -> StoryFile:
    try:
        table = read_table(BytesIO(content))
        width = len(table.header)
        rows: list[list[str]] = []
        lines: list[int] = []
        for row in table.rows:
            if len(rows) == MOST_ROWS:
                raise _too_many()
            rows.append(_cells(row.cells, width))
            lines.append(row.line)
    except UnreadableTable as error:
        raise UnreadableStories(str(error)) from error
    names = {name.casefold() for name in table.header}
    kind = FileFormat.JIRA if names >= JIRA_COLUMNS else FileFormat.CSV
    return StoryFile(kind, list(table.header), rows, lines)


def _cells(cells: Sequence[str], width: int) -> list[str]:
    return [cell.strip()[:LONGEST_CELL] for cell in [*cells[:width], *[""] * (width - len(cells))]]


TRELLO_HEADER = [
    "Card name", "Description", "Checklists", "List", "Labels", "Members", "Comments", "Attachments", "Due", "Card ID",
]  # fmt: skip


def _trello(content: bytes) -> StoryFile:
    """A board as Trello exports it: Menu, Print and export, JSON. Archived cards stay out."""
    try:
        board = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableStories(_("This looks like JSON and cannot be read as such. Export the board anew.")) from error
    if not isinstance(board, dict) or not isinstance(board.get("cards"), list):
        raise UnreadableStories(_("This is not a Trello board: it holds no cards."))
    rows = list(_cards(board))
    if len(rows) > MOST_ROWS:
        raise _too_many()
    return StoryFile(FileFormat.TRELLO, TRELLO_HEADER, rows, list(range(1, len(rows) + 1)))


def _cards(board: dict[str, Any]) -> Iterator[list[str]]:
    lists = {_text(row.get("id")): row for row in _dicts(board.get("lists"))}
    members = {_text(row.get("id")): _text(row.get("fullName")) for row in _dicts(board.get("members"))}
    ticks, talk = _ticks(board), _talk(board)
    for card in _dicts(board["cards"]):
        where = lists.get(_text(card.get("idList")), {})
        if card.get("closed") or where.get("closed"):
            continue
        people = [members.get(pk, "") for pk in _list(card.get("idMembers")) if isinstance(pk, str)]
        labels = [_text(label.get("name")) or _text(label.get("color")) for label in _dicts(card.get("labels"))]
        yield _cells(
            [
                _text(card.get("name")),
                _text(card.get("desc")),
                "\n".join(ticks.get(_text(card.get("id")), [])),
                _text(where.get("name")),
                ", ".join(filter(None, labels)),
                "\n".join(filter(None, people)),
                RECORD.join(talk.get(_text(card.get("id")), [])),
                "\n".join(filter(None, (_text(file.get("url")) for file in _dicts(card.get("attachments"))))),
                _text(card.get("due")),
                _text(card.get("shortLink")) or _text(card.get("id")),
            ],
            len(TRELLO_HEADER),
        )


def _ticks(board: dict[str, Any]) -> dict[Any, list[str]]:
    """The checklists of each card: a line with the name, then one for each step."""
    found: dict[Any, list[str]] = {}
    for checklist in _dicts(board.get("checklists")):
        if isinstance(checklist.get("idCard"), str):
            steps = [_step(item) for item in _dicts(checklist.get("checkItems")) if _text(item.get("name"))]
            found.setdefault(checklist["idCard"], []).extend([f"# {_text(checklist.get('name'))}", *steps])
    return found


def _step(item: dict[str, Any]) -> str:
    return f"[{'x' if item.get('state') == 'complete' else ' '}] {' '.join(_text(item.get('name')).split())}"


def _talk(board: dict[str, Any]) -> dict[str, list[str]]:
    """The comments of each card, as `time;author;words`. Trello exports the newest thousand actions of a board."""
    found: dict[str, list[str]] = {}
    for act in _dicts(board.get("actions")):
        data, author = act.get("data"), act.get("memberCreator")
        if act.get("type") != "commentCard" or not isinstance(data, dict) or not isinstance(data.get("card"), dict):
            continue
        name = _text(author.get("fullName")) if isinstance(author, dict) else ""
        if words := _text(data.get("text")):
            said = f"{_text(act.get('date'))};{name.replace(';', ',')};{words}"
            found.setdefault(_text(data["card"].get("id")), []).append(said)
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [row for row in _list(value) if isinstance(row, dict)]


def _text(value: Any) -> str:
    """A text that PostgreSQL can keep."""
    return value.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def guessed_columns(header: Sequence[str]) -> list[str]:
    """For each column what it probably is; what cannot be put together is taken once, by the first that fits."""
    found: list[str] = []
    for name in header:
        plain = " ".join(name.casefold().replace("_", " ").split())
        fits = (target.value for target in Target if plain in GUESSES[target] or name.casefold() in GUESSES[target])
        target = next((target for target in fits if target in REPEATED or target not in found), "")
        found.append(target)
    return found
