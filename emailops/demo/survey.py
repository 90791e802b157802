"""How the shop's customers answer when they are asked, and the wish that became a story."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from audience.models import AnswerSource, AttributeKind, Contact, QuestionKind, Survey, SurveyAnswer, SurveyStatus
from audience.services import define_attribute
from audience.services.survey_answers import Guest, take_answer
from audience.services.survey_questions import Asked, add_question
from audience.services.surveys import create_survey, move_survey
from emailops.demo.stage import RUNNING_SPRINT, Stage
from sprints.services.answer_stories import story_of_answer
from sprints.services.stories import Parts

CONTENT = {
    "name": "After the parcel",
    "title": "How was your order?",
    "intro": "One number and, if you like, a few words. Maren reads every one.",
    "button": "Send my answer",
    "thanks": "Thank you. Maren reads this on Friday, with a cup of tea.",
    "may_answer_again": True,
    "words": {
        "bg": {
            "title": "Как мина поръчката ви?",
            "intro": "Едно число и, ако искате, няколко думи. Марен чете всичко.",
            "button": "Изпрати",
            "thanks": "Благодарим. Марен чете отговорите в петък, с чаша чай.",
        }
    },
}
LOVED = [
    {"label": label, "labels": {"bg": bg}}
    for label, bg in (
        ("The product itself", "Самият продукт"),
        ("The parcel", "Пратката"),
        ("The advice in your mails", "Съветите в писмата"),
        ("The price", "Цената"),
    )
]
SCORES = (10, 9, 8, 7, 6, 5, 4, 3, 2, 0)
EARLY = (20, 21, 17, 13, 9, 7, 5, 4, 2, 2)  # how often each score is given when nobody knew what was wrong
LATE = (31, 25, 17, 10, 6, 4, 3, 2, 1, 1)
HAPPY = (
    "My skin has not been this calm in years.",
    "The serum is worth every stotinka.",
    "It arrived in two days, wrapped like a present.",
    "I read your letters to my mother on Sundays.",
    "The soap smells like my grandmother’s garden.",
    "Крушевият балсам спаси ръцете ми тази зима.",
)
UNHAPPY = (
    "The pump of the cleanser broke after a week.",
    "Two mails in three days about a cream that I had just bought.",
    "I would love smaller bottles. I travel a lot, and 100 ml is too much for hand luggage.",
    "Shipping costs almost as much as the soap.",
    "Писмата идват твърде често.",
    "The oil stained my pillow; nobody told me how little one needs.",
)
WISH = "I would love smaller bottles."
A_WEEK = 9
ANSWERS_WHY = 0.55


@dataclass(slots=True)
class SurveyTeller:
    """The survey and its answers, week by week."""

    stage: Stage
    random: Random = field(default_factory=lambda: Random(31))  # noqa: S311  invented people, no secrets
    questions: dict[str, int] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    survey: Survey | None = None

    def tell(self) -> None:
        """Write it into the diary: asked since four sprints ago, a card with a link in every parcel."""
        on, calendar = self.stage.diary.on, self.stage.calendar
        on(calendar.in_sprint(RUNNING_SPRINT - 4, "2 10:00"), self._ask)
        moment, week = calendar.in_sprint(RUNNING_SPRINT - 4, "5 18:00"), 0
        while moment < calendar.now - timedelta(days=1):
            on(moment, partial(self._answer, week))
            moment, week = moment + timedelta(days=7), week + 1
        on(calendar.last_working_moment("10:20", "16:10"), self._make_story)

    def _ask(self, now: datetime) -> None:
        workspace, by = self.stage.workspace, self.stage.lead
        label = "Recommends us (0 to 10)"
        kept = define_attribute(workspace=workspace, label=label, kind=AttributeKind.NUMBER, by=by, now=now)
        self.survey = create_survey(workspace=workspace, content=CONTENT, by=by, now=now)
        add: Any = partial(add_question, survey=self.survey, by=by, now=now)
        text = "Would you recommend Maren & Moss to a friend?"
        bg = {"bg": "Бихте ли препоръчали Марен и Мос на приятел?"}
        score = add(asked=Asked(QuestionKind.NPS, text, bg, is_required=True, attribute=kept))
        loved = add(asked=Asked(QuestionKind.SEVERAL, "What did you love?", {"bg": "Какво ви хареса?"}, choices=LOVED))
        unhappy = Asked(QuestionKind.LONG, "What should we change first?", after=score, shown_from=0, shown_to=8)
        happy = Asked(QuestionKind.LONG, "What would you tell that friend?", after=score, shown_from=9, shown_to=10)
        made = {"score": score, "loved": loved, "unhappy": add(asked=unhappy), "happy": add(asked=happy)}
        self.questions = {name: question.pk for name, question in made.items()}
        self.keys = [choice["key"] for choice in loved.choices]
        move_survey(survey=self.survey, to=SurveyStatus.OPEN, by=by, now=now + timedelta(minutes=9))

    def _answer(self, week: int, now: datetime) -> None:
        customers = Contact.objects.for_workspace(self.stage.workspace).filter(
            memberships__contact_list=self.stage.lists["customers"]
        )
        ids = list(customers.order_by("pk").values_list("pk", flat=True))
        chosen = self.random.sample(ids, min(len(ids), A_WEEK + self.random.randrange(5)))
        people = customers.select_related("workspace").in_bulk(chosen)
        for contact_id in chosen:
            at = now - timedelta(minutes=self.random.randrange(60 * 24 * 4))
            self._say(people[contact_id], EARLY if week < 4 else LATE, at)

    def _say(self, contact: Contact, weights: tuple[int, ...], at: datetime) -> None:
        if self.survey is None:
            return
        score = self.random.choices(SCORES, weights)[0]
        given: dict[int, Any] = {self.questions["score"]: score}
        if self.random.random() < 0.7:
            given[self.questions["loved"]] = self.random.sample(self.keys, self.random.choice((1, 1, 2)))
        if self.random.random() < ANSWERS_WHY:
            name, words = ("happy", HAPPY) if score >= 9 else ("unhappy", UNHAPPY)
            given[self.questions[name]] = self.random.choice(words)
        guest = Guest(self.survey, contact, None, AnswerSource.LINK)
        take_answer(guest=guest, given=given, ticket=None, now=at, language=contact.language)

    def _make_story(self, now: datetime) -> None:
        wishes = SurveyAnswer.objects.for_workspace(self.stage.workspace).filter(values__text__startswith=WISH)
        answer = wishes.select_related("workspace", "survey", "contact").order_by("-at", "-pk").first()
        if answer is None:
            return
        fields = {
            "title": "Travel sizes for people who are always on the way",
            "as_a": "customer who travels a lot",
            "i_want": "the serum in a bottle that fits into hand luggage",
            "so_that": "I do not have to do without it for a week",
            "problem": WISH,
            "goal": self.stage.goals["sooner"],
        }
        story_of_answer(answer=answer, fields=fields, parts=Parts(), by=self.stage.lead, now=now)
