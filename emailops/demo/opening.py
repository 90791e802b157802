"""How the readers of Maren & Moss came in: four files, and since then a few people every day."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from random import Random

from django.core.files.base import ContentFile

from audience.imports import open_import
from audience.models import Consent
from campaigns.services import add_sender
from emailops.demo import audience
from emailops.demo.audience import AT_CHECKOUT, IN_THE_QUIZ, ON_THE_SITE, Intake
from emailops.demo.crowd import Crowd, Reader
from emailops.demo.keys import Keys
from emailops.demo.relays import set_up_relays
from emailops.demo.sellers import hand_over_members
from emailops.demo.shop import Shop
from emailops.demo.stage import RUNNING_SPRINT, Stage, at
from emailops.demo.website import WebSite
from sprints.models import Covers
from sprints.services.approval_policy import set_policy

CUSTOMERS, NEWSLETTER, MARKET, QUIZ = 1680, 720, 130, 310
OLD_FRIENDS = 130  # customers who also stand in the file of newsletter readers
KNOWN_QUIZ_TAKERS = 150  # customers and newsletter readers who took the quiz
NEW_A_DAY = 1.4
BUYS_LATER = 0.16  # share of readers who are no customers yet and become one by themselves
NEVER_AGAIN = 0.34  # share of customers who do not come back within the story
SPOILT_CUSTOMERS = (
    ("anna.kowalska@gmail", "Anna", "Kowalska", "en", "", "dry", "Sofia", "", "40", "no"),
    ("", "Ева", "Маринова", "bg", "", "", "Plovdiv", "", "15", "no"),
    ("k.weber@outlook.com", "Klara", "Weber", "de", "", "", "Vienna", "", "0", "no"),
    ("petya.radeva@abv.bg", "Петя", "Радева", "bg", "", "oily", "Sofia", "31.02.1990", "120", "no"),
    ("maya_hughes@yahoo.com", "Maya", "Hughes", "en", "", "", "London", "", "many", "no"),
    ("info@@hotel-varna.bg", "Reception", "", "en", "", "", "Varna", "", "0", "no"),
    ("olga volkova@mail.ru", "Ольга", "Волкова", "ru", "", "normal", "Burgas", "", "85", "no"),
    ("same as above", "", "", "", "", "", "", "", "", ""),
    ("n/a", "Иван", "Колев", "bg", "", "", "Sofia", "", "10", "no"),
)
SPOILT_READERS = (
    ("не каза", "Галя", "", "bg", "Sofia"),
    ("g.ivanova@abv,bg", "Гергана", "Иванова", "bg", "Ruse"),
    ("zoe.clarke@gmail.com.", "Zoe", "Clarke", "en", "Sofia"),
    ("+359 88 555 01 02", "Невена", "", "bg", "Sofia"),
)
SUMMER_FAIR = (
    ("Contact e-mail", "Name", "Speaks", "Town", "Liked most"),
    ("boryana.tsvetkova@abv.bg", "Боряна Цветкова", "bg", "Пловдив", "rosehip serum"),
    ("lena.keller@gmail.com", "Lena Keller", "en", "Vienna", "moss soap"),
    ("v.antonova@mail.ru", "Вера Антонова", "ru", "Варна", "hand balm"),
    ("isabel.costa@icloud.com", "Isabel Costa", "en", "Lisbon", "dew mist"),
    ("rositsa.kirova@gmail.com", "Росица Кирова", "bg", "София", "rosehip serum"),
    ("nora.nilsson@outlook.com", "Nora Nilsson", "en", "Sofia", "the soap that smells of rain"),
    ("silviya.boneva@abv.bg", "Силвия Бонева", "bg", "Бургас", "barrier cream"),
    ("clara.marino@yahoo.com", "Clara Marino", "en", "Sofia", ""),
)


class Opening:
    """Everybody the shop knows, and how they came."""

    def __init__(self, stage: Stage, shop: Shop, seed: int) -> None:
        self._stage = stage
        self._shop = shop
        self._random = Random(seed)  # noqa: S311  invented people, no secrets
        self._crowd = Crowd(seed)
        born = stage.calendar.founded
        self._customers = self._crowd.readers(CUSTOMERS, born_before=born)
        self._newsletter = self._crowd.readers(NEWSLETTER, born_before=born)
        self._market = self._crowd.readers(MARKET, born_before=born)
        self._quiz = self._crowd.readers(QUIZ, born_before=born)
        self._newcomers = self._crowd.readers(int(NEW_A_DAY * 220), born_before=born)
        everybody = chain(self._customers, self._newsletter, self._market, self._quiz, self._newcomers)
        self.crowd = {reader.email.lower(): reader for reader in everybody}

    def tell(self) -> None:
        """Write the first months into the diary."""
        on, after = self._stage.diary.on, self._stage.calendar.after_founding
        on(after(1, "10:00"), self._prepare)
        Keys(self._stage).tell()
        on(after(1, "14:00"), self._shop.connect)
        on(after(2, "11:00"), self._bring_customers)
        on(after(16, "10:30"), lambda now: audience.build_segments(self._stage, now))
        on(after(17, "11:10"), lambda now: hand_over_members(self._stage, now))
        on(after(38, "15:20"), self._bring_newsletter)
        on(after(80, "12:10"), self._bring_market)
        on(self._stage.calendar.in_sprint(RUNNING_SPRINT - 4, "4 11:30"), self._bring_quiz)
        on(self._stage.calendar.last_working_moment("09:40", "15:30"), self._leave_a_file_open)
        on(self._stage.calendar.last_working_moment("08:50", "14:40"), lambda now: set_up_relays(self._stage, now))
        WebSite(self._stage, self._customers, seed=5).tell()
        self._tell_newcomers()

    def _prepare(self, now: datetime) -> None:
        stage = self._stage
        audience.prepare_audience(stage, now)
        add_sender(
            workspace=stage.workspace,
            name="Maren at Maren & Moss",
            email="maren@marenmoss.example",
            reply_to="hello@marenmoss.example",
            by=stage.lead,
            now=now,
        )
        set_policy(
            workspace=stage.workspace,
            covers=Covers.BRIEF,
            audience_tolerance=0.2,
            by=stage.lead,
            now=now,
            code_above=Decimal(2500),
            lead_ticks_conditions=True,
        )

    def _bring_customers(self, now: datetime) -> None:
        rows = audience.customer_rows(self._customers)
        content = audience.as_csv(audience.CUSTOMER_COLUMNS, rows, spoilt=(*SPOILT_CUSTOMERS, rows[40], rows[900]))
        intake = Intake("shop-customers.csv", "customers", Consent.GIVEN, AT_CHECKOUT, "ivo")
        audience.bring_in_file(self._stage, intake, content, now)
        for reader in self._customers:
            if self._random.random() > NEVER_AGAIN:
                self._live(reader, now + timedelta(days=2))

    def _bring_newsletter(self, now: datetime) -> None:
        friends = self._random.sample(self._customers, OLD_FRIENDS)
        rows = audience.reader_rows([*self._newsletter, *friends])
        self._random.shuffle(rows)
        content = audience.as_csv(audience.READER_COLUMNS, rows, spoilt=(*SPOILT_READERS, rows[12]), delimiter=";")
        intake = Intake("moss-letter-readers.csv", "newsletter", Consent.GIVEN, ON_THE_SITE, "sofia")
        audience.bring_in_file(self._stage, intake, content, now)
        self._some_will_buy(self._newsletter, now)

    def _bring_market(self, now: datetime) -> None:
        rows = audience.reader_rows(self._market)
        content = audience.as_csv(audience.READER_COLUMNS, rows, spoilt=SPOILT_READERS[:2], delimiter=";")
        intake = Intake("design-market-cards.csv", "newsletter", Consent.UNKNOWN, "", "elena")
        audience.bring_in_file(self._stage, intake, content, now)

    def _bring_quiz(self, now: datetime) -> None:
        known = self._random.sample([*self._customers, *self._newsletter], KNOWN_QUIZ_TAKERS)
        takers = [*self._quiz, *known]
        self._random.shuffle(takers)
        rows = audience.quiz_rows(takers)
        content = audience.as_csv(
            audience.QUIZ_COLUMNS, rows, spoilt=(("maria@", "Мария", "bg", "dry", "Sofia"), rows[3])
        )
        intake = Intake("skin-quiz-answers.csv", "quiz", Consent.GIVEN, IN_THE_QUIZ, "ivo")
        audience.bring_in_file(self._stage, intake, content, now)
        for reader in takers:
            self._shop.take_quiz(now - timedelta(hours=self._random.uniform(2, 24 * 40)), reader)
        self._some_will_buy(self._quiz, now)

    def _leave_a_file_open(self, now: datetime) -> None:
        content = audience.as_csv(SUMMER_FAIR[0], SUMMER_FAIR[1:])
        file = ContentFile(content, name="street-fair-signups.csv")
        open_import(workspace=self._stage.workspace, file=file, by=self._stage.cast["sofia"], now=now)

    def _some_will_buy(self, readers: list[Reader], now: datetime) -> None:
        for reader in readers:
            if self._random.random() < BUYS_LATER:
                self._live(reader, now + timedelta(days=1))

    def _live(self, reader: Reader, start: datetime) -> None:
        self._shop.live_with(reader, start, self._stage.calendar.ends)

    def _tell_newcomers(self) -> None:
        """A few a day: at checkout without a word about mail, on the site, and since sprint 12 after the quiz."""
        moment = self._stage.calendar.after_founding(5, "09:00")
        quiz_opens = self._stage.calendar.in_sprint(RUNNING_SPRINT - 3, "1 08:00")
        for reader in self._newcomers:
            moment += timedelta(days=self._random.expovariate(NEW_A_DAY))
            if moment >= self._stage.calendar.ends:
                return
            day = at(moment.date(), f"{self._random.randint(8, 22):02}:{self._random.randrange(60):02}")
            chance = self._random.random()
            source = "checkout" if chance < 0.2 else "quiz" if chance > 0.6 and moment > quiz_opens else "newsletter"
            self._stage.diary.on(day, partial(self._come_in, reader, source))

    def _come_in(self, reader: Reader, source: str, now: datetime) -> None:
        self._shop.sign_up(reader, now, source=source)
        if source == "checkout":
            self._shop.buy(now, reader)
        else:
            self._some_will_buy([reader], now)
