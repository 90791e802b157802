"""The rules that tell a person from a machine, as a table."""

from datetime import timedelta

import pytest

from delivery.humanity import BURST, TOO_SOON, judge
from delivery.models import Nature
from tests.factories.delivery import BROWSER

GMAIL_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17328)"


@pytest.mark.parametrize(
    ("changed", "signals"),
    [
        ({}, []),
        ({"user_agent": GMAIL_PROXY}, []),
        ({"user_agent": OUTLOOK}, []),
        ({"since_sent": None}, []),
        ({"since_sent": TOO_SOON}, []),
        ({"links_just_before": BURST - 2}, []),
        ({"method": "HEAD"}, ["head"]),
        ({"user_agent": ""}, ["bare_agent"]),
        ({"user_agent": "Mozilla/5.0"}, ["bare_agent"]),
        ({"user_agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, ["robot"]),
        ({"user_agent": "python-requests/2.32"}, ["robot"]),
        ({"user_agent": "curl/8.5.0"}, ["robot"]),
        ({"user_agent": "Mozilla/5.0 (compatible; BarracudaCentral)"}, ["robot"]),
        ({"user_agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0"}, ["robot"]),
        ({"user_agent": "Slackbot-LinkExpanding 1.0"}, ["robot"]),
        ({"since_sent": timedelta(0)}, ["too_soon"]),
        ({"since_sent": TOO_SOON - timedelta(milliseconds=1)}, ["too_soon"]),
        ({"links_just_before": BURST - 1}, ["burst"]),
        ({"method": "HEAD", "user_agent": "", "links_just_before": 9}, ["head", "bare_agent", "burst"]),
    ],
)
def test_the_rules(changed: dict[str, object], signals: list[str]) -> None:
    usual = {
        "method": "GET",
        "user_agent": BROWSER,
        "since_sent": timedelta(minutes=5),
        "links_just_before": 0,
    }

    judged = judge(**usual | changed)  # type: ignore[arg-type]  # a table of one change each

    assert judged.signals == signals
    assert judged.nature == (Nature.MACHINE if signals else Nature.HUMAN)
