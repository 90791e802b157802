"""The mails of the story: what stands in them, and how each goes from a draft to the readers."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from campaigns.models import Campaign, ContentFormat
from campaigns.preflight import preflight, stops
from campaigns.services import create_campaign, schedule_campaign, write_content
from emailops.demo.post import PostOffice
from emailops.demo.reactions import Audience, Mood
from emailops.demo.stage import Stage
from emailops.demo.stories import Tale, fresh

MAILS = Path(__file__).parent / "mails"
FENCE = "+++\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it was written: its text, and what stands around it. `first_subject` was thought better of."""

    subject: str
    preheader: str
    source: str
    first_subject: str = ""


def read_letter(name: str) -> Letter:
    _nothing, head, source = (MAILS / f"{name}.md").read_text().split(FENCE, 2)
    return Letter(source=source, **tomllib.loads(head))


class MailTeller:
    """Writes one mail into the diary: drafted, put on the schedule, sent, read."""

    def __init__(self, stage: Stage, office: PostOffice, audience: Audience) -> None:
        self._stage = stage
        self._office = office
        self._audience = audience

    def tell(self, tale: Tale, number: int) -> None:
        """A draft two days before the send, the schedule on the day before; one without a time stays a draft."""
        told, calendar, on = tale["mail"], self._stage.calendar, self._stage.diary.on
        made = calendar.in_sprint(number, told.get("made") or _days_before(told["at"], 2, "11:00"))
        on(made, partial(self.draft, tale))
        on(made + timedelta(hours=2), partial(self.write, tale))
        if "at" not in told:
            return
        goes_out = calendar.in_sprint(number, told["at"])
        on(made + timedelta(hours=5), partial(self.schedule, tale, goes_out))
        on(goes_out, partial(self.send, tale))

    def draft(self, tale: Tale, now: datetime) -> None:
        story = fresh(self._stage.stories[tale["key"]])
        by = self._stage.cast[tale["who"]]
        name = tale["title"].partition(": launch")[0]
        self._stage.campaigns[tale["key"]] = create_campaign(story=story, name=name, by=by, now=now)

    def write(self, tale: Tale, now: datetime) -> None:
        """Write the mail, and better it once where its first subject was not the last."""
        letter, by = read_letter(tale["mail"]["file"]), self._stage.cast[tale["who"]]
        subjects = [letter.first_subject, letter.subject] if letter.first_subject else [letter.subject]
        for n, subject in enumerate(subjects):
            write_content(
                campaign=self._stage.campaigns[tale["key"]],
                subject=subject,
                preheader=letter.preheader,
                written_as=ContentFormat.MARKDOWN,
                source=letter.source,
                by=by,
                now=now + timedelta(minutes=50 * n),
            )

    def schedule(self, tale: Tale, goes_out: datetime, now: datetime) -> None:
        campaign = self._campaign(tale)
        campaign.scheduled_at = goes_out
        problems = [problem.title for problem in stops(preflight(campaign, now))]
        schedule_campaign(campaign=campaign, at=goes_out, problems=problems, by=self._stage.lead, now=now)

    def send(self, tale: Tale, now: datetime) -> None:
        """What the workers did when its time had come, and what its readers did then."""
        told = tale["mail"]
        run = self._office.send(self._campaign(tale), now, refused_by=told.get("refused_by", ""))
        mood = Mood(told["opened"], told["clicked"], told["left"], told["buyers"])
        self._audience.react(run, mood)

    def _campaign(self, tale: Tale) -> Campaign:
        return Campaign.objects.with_parts().get(pk=self._stage.campaigns[tale["key"]].pk)


def _days_before(moment: str, days: int, clock: str) -> str:
    return f"{max(1, int(moment.split(maxsplit=1)[0]) - days)} {clock}"
