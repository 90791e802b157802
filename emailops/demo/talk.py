"""What the team says about the stories of the running sprint, and what each of them has not read yet."""

from datetime import datetime, timedelta
from functools import partial

from django.core.files.base import ContentFile

from emailops.demo.stage import Stage
from emailops.demo.stories import fresh
from sprints.models import Audience, LinkKind, Story
from sprints.services.attachments import attach
from sprints.services.checklists import add_checklist, add_item, change_item, tick_item
from sprints.services.comments import change_comment, write_comment
from sprints.services.labels import make_label, set_labels
from sprints.services.story_links import link_stories, set_segments
from sprints.services.watching import set_helpers
from workspaces.models import Notice

TEAM, EVERYBODY = Audience.TEAM, Audience.EVERYBODY
UNREAD = timedelta(hours=30)
"""What is older was read long ago."""

LABELS = {
    "Summer": ["spf", "peony", "glow", "spf-2", "barrier"],
    "Refill": ["replenish", "serum-low", "stock"],
    "Plain words": ["sunset", "moss-19", "bg-letter"],
    "Needs data": ["first-14", "baselines", "sunday", "empties"],
    "Shop team": ["replenish", "stock", "stock-letter", "gift-cards"],
}
STEPS = (
    ("Photographs of the three bottles", "nika", True),
    ("Text, read aloud once", "sofia", True),
    ("Days of use for 20 ml bottles in the feed", "ivo", False),
    ("Test mails on a small phone", "ivo", False),
)
FEED = b"sku;size_ml;days_of_use\nMM-014;30;45\nMM-015;20;\nMM-016;50;75\n"


def tell_talk(stage: Stage) -> None:
    """Write the last two days into the diary; at the end everybody has read what is older."""
    on, now = stage.diary.on, stage.calendar.now
    on(now - timedelta(hours=46), partial(_label, stage))
    on(now - timedelta(hours=44), partial(_prepare, stage))
    on(now - timedelta(hours=26), partial(_talk_about_feed, stage))
    on(now - timedelta(hours=5), partial(_talk_with_owner, stage))
    on(now - timedelta(minutes=12), partial(_catch_up, stage))


def _story(stage: Stage, key: str) -> Story:
    return fresh(stage.stories[key])


def _label(stage: Stage, now: datetime) -> None:
    for name, keys in LABELS.items():
        label = make_label(workspace=stage.workspace, name=name, by=stage.lead, now=now)
        for story in (_story(stage, key) for key in keys if key in stage.stories):
            set_labels(story=story, labels=[*story.labels.all(), label], by=stage.lead, now=now)


def _prepare(stage: Stage, now: datetime) -> None:
    """The reminder: its steps, its helpers, what it has to do with others, the file it waits for."""
    story, by, cast = _story(stage, "replenish"), stage.cast["ivo"], stage.cast
    set_helpers(story=story, members=[cast["sofia"], cast["nika"]], by=by, now=now)
    steps = add_checklist(story=story, name="Before the first send", by=by, now=now)
    for n, (text, who, is_done) in enumerate(STEPS):
        moment = now + timedelta(minutes=2 * n)
        item = add_item(checklist=steps, text=text, by=by, now=moment)
        change_item(item=item, text=text, assignee=cast[who], by=by, now=moment)
        tick_item(item=item, is_done=is_done, by=cast[who], now=moment + timedelta(hours=1))
    attach(story=story, file=ContentFile(FEED, name="feed"), name="product-feed-sample.csv", by=by, now=now)
    set_segments(story=story, segments=[stage.segments["low"]], by=by, now=now)
    if "serum-low" in stage.stories:
        later = _story(stage, "serum-low")
        link_stories(source=story, kind=LinkKind.BLOCKS, target=later, by=by, now=now)


def _talk_about_feed(stage: Stage, now: datetime) -> None:
    story, cast = _story(stage, "replenish"), stage.cast
    write_comment(
        story=story,
        text="The feed still says nothing about 20 ml bottles. @Elena Petrova, can you ask the shop team once more?\n\n"
        "- 30 ml: 45 days\n- 50 ml: 75 days\n- **20 ml: nobody knows**",
        audience=TEAM,
        by=cast["ivo"],
        now=now,
    )
    answer = write_comment(
        story=story,
        text="Asked. Let us not tell Marta a date before they answer.",
        audience=TEAM,
        by=stage.lead,
        now=now + timedelta(hours=2),
    )
    change_comment(
        comment=answer,
        text="Asked. They promise it for tomorrow; let us not tell Marta a date before it is there.",
        by=stage.lead,
        now=now + timedelta(hours=2, minutes=6),
    )


def _talk_with_owner(stage: Stage, now: datetime) -> None:
    story, cast = _story(stage, "replenish"), stage.cast
    write_comment(
        story=story,
        text="@Marta Lindqvist: the reminder goes to 30 and 50 ml bottles first, 20 ml follow when we know their days. "
        "Is that fine with you?",
        audience=EVERYBODY,
        by=cast["sofia"],
        now=now,
    )
    write_comment(
        story=story,
        text="Yes. Better right for two sizes than wrong for three. Thank you, @Sofia Marchetti.",
        audience=EVERYBODY,
        by=stage.owner,
        now=now + timedelta(hours=2),
    )


def _catch_up(stage: Stage, now: datetime) -> None:
    """Everybody has read what is older than a day and a bit; nothing of the past is mailed now."""
    old = Notice.objects.filter(at__lt=now - UNREAD).unread()
    old.update(read_at=now, mail_at=None)
