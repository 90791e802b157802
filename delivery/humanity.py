"""Was it a person: signals of a reaction, and the verdict of this version of the rules.

Raw reactions are kept beside the verdict, so that better rules can judge the past again. No reaction of a machine
changes anything for a contact.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from delivery.models import Nature

VERSION = 1
TOO_SOON = timedelta(seconds=2)  # nobody opens a mail and clicks within two seconds of its arrival
BURST = 4  # different links of one mail within BURST_WINDOW: a scanner follows them all
BURST_WINDOW = timedelta(seconds=2)
ROBOTS = re.compile(
    r"bot\b|crawl|spider|scan|preview|monitor|curl|wget|python|java/|go-http|okhttp|headless|libwww|httpclient|"
    r"barracuda|mimecast|proofpoint|safelinks|symantec|trendmicro|fireeye",
    re.IGNORECASE,
)
BARE_AGENT = "Mozilla/5.0"  # Apple's mail privacy proxy says just this, and fetches without the reader


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and what it rests on."""

    nature: Nature
    signals: list[str]


def judge(*, method: str, user_agent: str, since_sent: timedelta | None, links_just_before: int) -> Judgement:
    """Judge one reaction. `links_just_before`: other links of the same mail followed within `BURST_WINDOW`."""
    signals = [
        name
        for name, is_true in (
            ("head", method != "GET"),
            ("robot", bool(ROBOTS.search(user_agent))),
            ("bare_agent", user_agent.strip() in {"", BARE_AGENT}),
            ("too_soon", since_sent is not None and since_sent < TOO_SOON),
            ("burst", links_just_before >= BURST - 1),
        )
        if is_true
    ]
    return Judgement(Nature.MACHINE if signals else Nature.HUMAN, signals)
