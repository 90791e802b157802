"""How the backlog is kept: scores, templates, searches, and the inbox of ideas."""

from datetime import datetime, timedelta
from functools import partial

from audience.models import Contact
from emailops.demo.stage import RUNNING_SPRINT, Stage
from emailops.demo.stories import Tale, fresh
from sprints.models import IdeaSource
from sprints.services.ideas import Told, decline_idea, open_link, take_idea
from sprints.services.scores import set_formula, set_score
from sprints.services.story_imports import open_story_import
from sprints.services.templates import save_filter, save_template
from sprints.story_files import read_stories_file

WALL = """Idea;Description;Points;Status;Key
Photos from customers under the serum;They send them anyway;3;Open;WALL-7
Ask why people leave;One question on the page after “unsubscribe”;2;Open;WALL-9
;Nobody remembers;1;Open;WALL-10
A calendar for the kitchen door;Sold out in a week last year;5;Done;WALL-2
"""


def tell_inbox(stage: Stage, told: Tale) -> None:
    """In the first days of the running sprint the team sorts its backlog, and ideas come in."""
    on, calendar = stage.diary.on, stage.calendar
    on(calendar.in_sprint(RUNNING_SPRINT, "1 11:50"), partial(_sort, stage, told))
    for idea in told["ideas"]:
        on(calendar.in_sprint(RUNNING_SPRINT, idea["before"]), partial(_tell, stage, idea))
    on(calendar.in_sprint(RUNNING_SPRINT, "2 10:15"), partial(_bring_the_wall, stage))


def _sort(stage: Stage, told: Tale, now: datetime) -> None:
    workspace, lead = stage.workspace, stage.lead
    set_formula(workspace=workspace, by=lead, now=now, **told["formula"])
    for n, (key, figures) in enumerate(told["scores"].items()):
        set_score(story=fresh(stage.stories[key]), figures=figures, by=lead, now=now + timedelta(minutes=n))
    for template in told["templates"]:
        save_template(workspace=workspace, template=None, fields=template, by=lead, now=now)
    for search in told["searches"]:
        save_filter(name=search["name"], query=search["query"], is_shared=search["shared"], by=lead, now=now)
    open_link(workspace=workspace, by=lead, now=now, **told["link"])


def _tell(stage: Stage, idea: Tale, now: datetime) -> None:
    source = IdeaSource(idea.get("source", "link"))
    readers = Contact.objects.for_workspace(stage.workspace).order_by("pk")
    told = Told(
        title=idea["title"],
        text=idea.get("text", ""),
        sender_name=idea.get("name", ""),
        sender_email=idea.get("email", ""),
        source=source,
        contact=readers.first() if source == IdeaSource.ANSWER else None,
    )
    taken = take_idea(workspace=stage.workspace, told=told, by=None, now=now)
    if "declined" in idea:
        later = now + timedelta(hours=2)
        decline_idea(idea=taken, reason=idea["declined"], by=stage.lead, now=later)


def _bring_the_wall(stage: Stage, now: datetime) -> None:
    """The wall of last year as a spreadsheet: uploaded, and not looked at since."""
    file = read_stories_file(WALL.encode())
    open_story_import(workspace=stage.workspace, filename="wall.csv", file=file, by=stage.lead, now=now)
