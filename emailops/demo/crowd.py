"""The readers of Maren & Moss: invented people with names, addresses, habits. The same people on every machine."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings

HERE = Path(__file__).parent
LANGUAGES = {"bg": 48, "ru": 18, "en": 34}
SKIN_TYPES = {"dry": 30, "normal": 24, "combination": 22, "oily": 10, "sensitive": 14}
PHONES = ("iPhone; CPU iPhone OS 18_1 like Mac OS X", "Linux; Android 15; Pixel 9", "Linux; Android 14; SM-A546B")
NETWORKS = (46, 78, 84, 87, 92, 109, 151, 188)  # first numbers of addresses that providers in Europe give out
COMPUTERS = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")


@dataclass(slots=True)
class Reader:
    """One invented person. `keenness` 0..1 is how readily mails are opened, `rhythm` the days between two orders.

    A mail client of `is_proxied` fetches pictures by itself; a company's scanner follows every link of `is_scanned`.
    """

    email: str
    first_name: str
    last_name: str
    language: str
    city: str
    skin_type: str
    birthday: date
    points: int
    is_vip: bool
    keenness: float
    rhythm: float
    agent: str
    network: str
    is_proxied: bool
    is_scanned: bool
    is_dead: bool
    number: int

    @property
    def customer_id(self) -> str:
        return f"MM-{20_000 + self.number}"


class Crowd:
    """Makes readers, one after the other, no two with the same address."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  invented people, no secrets
        self._names: dict[str, Any] = tomllib.loads((HERE / "crowd.toml").read_text())
        self._latin: dict[int, str] = str.maketrans(self._names["latin"])
        self._taken: set[str] = set()

    def readers(self, count: int, *, born_before: date) -> list[Reader]:
        return [self._reader(born_before) for _ in range(count)]

    def _reader(self, today: date) -> Reader:
        random = self._random
        language = self._one_of(LANGUAGES)
        first = random.choice(self._names[language]["first"])
        last = _fitting(random.choice(self._names[language]["last"]), first, language)
        domain = self._one_of(self._names["domains"][language])
        phone = random.random() < 0.68
        keenness = random.betavariate(1.3, 1.9)
        points = int(random.expovariate(1 / 120)) * 5
        return Reader(
            email=self._address(first, last, domain),
            first_name=first,
            last_name=last if random.random() < 0.92 else "",
            language=language,
            city=self._one_of(self._names["cities"][language]),
            skin_type=self._one_of(SKIN_TYPES) if random.random() < 0.42 else "",
            birthday=today - timedelta(days=random.randint(18 * 365, 64 * 365)),
            points=points,
            is_vip=points >= 1000,
            keenness=0.03 + 0.97 * keenness,
            rhythm=random.lognormvariate(4.8, 0.6),
            agent=_agent(random.choice(PHONES if phone else COMPUTERS), is_phone=phone),
            network=f"{random.choice(NETWORKS)}.{random.randint(1, 250)}.{random.randint(1, 250)}.7",
            is_proxied=domain == "icloud.com" or random.random() < 0.24,
            is_scanned=random.random() < (0.86 if domain == "outlook.com" else 0.055),
            is_dead=random.random() < 0.012,
            number=len(self._taken),
        )

    def _one_of(self, weights: dict[str, int]) -> str:
        return self._random.choices(list(weights), weights=list(weights.values()))[0]

    def _address(self, first: str, last: str, domain: str) -> str:
        one, two = (name.lower().translate(self._latin) for name in (first, last))
        shape = self._random.choice(
            ("{one}.{two}", "{initial}.{two}", "{one}_{two}", "{two}.{one}", "{one}{two}", "{one}{two}{year}")
        )
        year = self._random.randint(68, 99)
        local = shape.format(one=one, two=two, initial=one[0], year=year)
        while f"{local}@{domain}" in self._taken:
            local = f"{local}{self._random.randint(2, 99)}"
        self._taken.add(f"{local}@{domain}")
        return f"{local}@{domain}{'' if settings.MAIL_SANDBOX else NOWHERE}"


NOWHERE = ".example"  # where mail really leaves, an invented address must not be some stranger's (RFC 2606 section 2)


def _fitting(last: str, first: str, language: str) -> str:
    """Men drop the last letter of a Slavic family name."""
    is_man = first[-1] not in "аяa" and language != "en"
    return last.removesuffix("а") if is_man else last


def _agent(system: str, *, is_phone: bool) -> str:
    engine = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
    return f"Mozilla/5.0 ({system}) {engine}{' Mobile/15E148' if is_phone else ' Safari/605.1.15'}"
