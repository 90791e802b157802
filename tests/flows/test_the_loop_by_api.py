"""The whole loop by the API alone, as a CRM and a planning tool would do it, with real workers and real SMTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.flows.people import fetch
from tests.flows.post import letter_to, link_in, unsubscribe_address
from tests.stack import ROOT, Stack, running_stack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.timeout(600)]

PEOPLE = 300
BUYERS = 250
OPENED, CLICKED, ORDERED = 60, 40, 10
SUBJECT = "Your fern is thirsty"
Json = dict[str, Any]


class Key:
    """A program with an API key."""

    def __init__(self, base_url: str, secret: str) -> None:
        self.base_url, self.secret = base_url, secret

    def get(self, path: str) -> Json:
        return self._ask("GET", path, None)

    def post(self, path: str, **body: Any) -> Json:
        return self._ask("POST", path, body)

    def put(self, path: str, **body: Any) -> Json:
        return self._ask("PUT", path, body)

    def refused(self, path: str, *, status: int, method: str = "POST", **body: Any) -> Json:
        """The answer to a write that is refused with this status."""
        with pytest.raises(HTTPError) as refusal:
            self._ask(method, path, body)
        assert refusal.value.code == status
        said: Json = json.load(refusal.value)
        return said

    def _ask(self, method: str, path: str, body: Json | None) -> Json:
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.base_url}/api/v1/{path}", data=data, headers=headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310  our own server
                found: Json = json.load(answer)
                return found
        except HTTPError as refusal:
            said = refusal.read()
            raise HTTPError(refusal.url, refusal.code, said.decode(), refusal.headers, BytesIO(said)) from refusal


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack("loop_api", tmp_path_factory.mktemp("loop_api"), redis_number=4) as running:
        yield running


@pytest.fixture(scope="module")
def keys(stack: Stack) -> dict[str, Key]:
    """The keys of the team lead and of the business owner: the one thing that is made in the browser."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.api_keys"],
        cwd=ROOT,
        env={**os.environ, **stack.environment, "DJANGO_SETTINGS_MODULE": "emailops.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    secrets = json.loads(done.stdout.splitlines()[-1])
    return {role: Key(stack.base_url, secret) for role, secret in secrets.items()}


def test_the_loop_by_api(stack: Stack, keys: dict[str, Key]) -> None:
    lead, owner = keys["lead"], keys["owner"]

    segment = _contacts_and_segment(lead)
    goal = _goal(lead)
    story = _story(lead, goal, segment)
    sprint = _sprint(lead, goal, story)
    _approval(lead, owner, sprint)
    campaign = _campaign(lead, story)
    _sending(lead, sprint, campaign, stack)
    _reactions_and_orders(lead, stack)
    _what_came_of_it(lead, goal, story, sprint, campaign)


def _contacts_and_segment(lead: Key) -> int:
    lead.post("attributes/", label="Orders", kind="number")
    letter = lead.post("lists/", name="Fern letter")["id"]
    consent = {"given_by": "till", "wording": "Write to me"}
    people = [
        {"email": _address(n), "first_name": "Мая", "attributes": {"orders": int(n < BUYERS)}, "lists": [letter]}
        for n in range(PEOPLE)
    ]
    done = lead.post("contacts/batch/", contacts=[*({**p, "consent": consent} for p in people), {"email": "nobody"}])
    assert (done["created"], done["updated"]) == (PEOPLE, 0)
    assert [refused["position"] for refused in done["refused"]] == [PEOPLE]
    assert lead.post("contacts/", email=_address(0).upper())["first_name"] == "Мая"

    rules = [
        {"field": "attribute.orders", "op": "more_than", "value": 0},
        {"field": "list", "op": "any_of", "value": [letter]},
    ]
    segment: int = lead.post("segments/", name="Buyers", definition={"match": "all", "rules": rules})["id"]
    assert lead.get(f"segments/{segment}/count/") == {"people": BUYERS, "reachable": BUYERS}
    return segment


def _address(number: int) -> str:
    return f"reader{number}@reader.example"


def _goal(lead: Key) -> int:
    lead.post("principles/", rule="Nobody hears from us twice in a week", reason="People left because of it")
    kpi = lead.post("kpis/", name="Readers who click", source="mail.click_rate", window_days=30)["id"]
    goal: int = lead.post(
        "goals/",
        name="Letters worth a click",
        kpi=kpi,
        baseline=0.02,
        target=0.06,
        start_date=_day(0),
        due_date=_day(90),
    )["id"]
    return goal


def _day(ahead: int) -> str:
    """A day of the workspace, whose time is UTC."""
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


def _story(lead: Key, goal: int, segment: int) -> int:
    hypothesis = {
        "because": "half of the ferns that come back are dry",
        "change": "a reminder with one number",
        "audience": "buyers",
        "metric": "click_rate",
        "baseline": 0.02,
        "expected": 0.05,
        "minimum_effect": 0.01,
        "check_date": _day(0),
    }
    brief = {
        "segment": segment,
        "window_start": _day(0),
        "window_end": _day(13),
        "offer": "A free mister",
        "cost": "50",
        "expected_low": "100",
        "expected_high": "300",
    }
    story: int = lead.post(
        "stories/",
        title="Water reminder",
        as_a="buyer of a fern",
        i_want="to hear when it needs water",
        so_that="it lives",
        kind="campaign",
        goal=goal,
        points=3,
        criteria=["Says how much water"],
        hypothesis=hypothesis,
        brief=brief,
    )["id"]
    return story


def _sprint(lead: Key, goal: int, story: int) -> int:
    sprint: int = lead.post(
        "sprints/",
        name="Thirst",
        goal_sentence="Fewer dry ferns",
        goal=goal,
        start_date=_day(0),
        end_date=_day(13),
        capacity_points=8,
    )["id"]
    missing = lead.refused("approvals/", status=409, sprint=sprint, approver="olga@fern.example")
    assert "readiness" in missing["fields"]
    lead.post(f"stories/{story}/plan/", sprint=sprint)
    return sprint


def _approval(lead: Key, owner: Key, sprint: int) -> None:
    asked = lead.post("approvals/", sprint=sprint, approver="olga@fern.example", message="The offer first, please")
    decision = {"fingerprint": asked["fingerprint"], "verdict": "approved"}

    lead.refused(f"approvals/{asked['id']}/decide/", status=403, **decision)
    owner.refused(f"approvals/{asked['id']}/decide/", status=409, **{**decision, "fingerprint": "0" * 64})
    decided = owner.post(f"approvals/{asked['id']}/decide/", **decision)

    assert (decided["verdict"], decided["decided_by"]) == ("approved", "olga@fern.example")
    owner.refused(f"approvals/{asked['id']}/decide/", status=409, **decision)


def _campaign(lead: Key, story: int) -> int:
    lead.post("senders/", name="Lena from Fern Garden", email="lena@letters.fern.example")
    campaign: int = lead.post("campaigns/", story=story)["id"]
    content, half = f"campaigns/{campaign}/content/", "Hi\n\n{{ contact.first_name"
    broken = lead.refused(content, status=400, method="PUT", subject="Hi", source=half)
    assert "ine 3" in str(broken), "the line of the mistake"
    mail = "# Hello {{ contact.first_name }}\n\n[Read how](https://fern.example/water)"
    lead.put(content, subject=SUBJECT, preheader="One number", source=mail)
    assert "Hello Мая" in lead.get(f"campaigns/{campaign}/preview/")["html"]
    lead.refused(f"campaigns/{campaign}/schedule/", status=409, at=f"{_day(-1)}T09:00:00Z")
    assert lead.get(f"campaigns/{campaign}/checks/")["stops"] == 0
    return campaign


def _sending(lead: Key, sprint: int, campaign: int, stack: Stack) -> None:
    lead.post(f"sprints/{sprint}/start/")
    lead.post(f"campaigns/{campaign}/schedule/")

    run = _eventually(lambda: lead.get(f"runs/{campaign}/"), lambda run: run["finished_at"] is not None)

    counts = run["counts"]
    assert (counts["matched"], counts["sent"], counts["pending"]) == (BUYERS, BUYERS, 0)
    accepted = stack.rows(
        "SELECT lower(recipient), count(*) FROM delivery_sandboxmessage WHERE subject = %s GROUP BY 1", SUBJECT
    )
    assert sorted(accepted) == sorted((_address(number), 1) for number in range(BUYERS))


def _eventually(ask: Callable[[], Json], is_there: Callable[[Json], bool], seconds: float = 90) -> Json:
    """Ask until the answer is there; while nothing has begun, 404 is an answer too."""
    deadline = time.monotonic() + seconds
    found: Json = {}
    while time.monotonic() < deadline:
        try:
            found = ask()
        except HTTPError as refusal:
            if refusal.code != HTTPStatus.NOT_FOUND:
                raise
        else:
            if is_there(found):
                return found
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds} seconds: {found}")


def _reactions_and_orders(lead: Key, stack: Stack) -> None:
    time.sleep(2.5)  # what opens a mail within two seconds of its arrival counts as a machine
    for number in range(1, OPENED + 1):
        mail = letter_to(stack, _address(number), SUBJECT)
        assert fetch(link_in(mail, "/t/o/", "html")) == (200, "")
    fetch(unsubscribe_address(letter_to(stack, _address(1), SUBJECT)), data=b"List-Unsubscribe=One-Click")
    assert lead.get(f"contacts/?email={_address(1)}")["results"][0]["consent"] == "withdrawn"
    for number in range(1, CLICKED + 1):
        clicked = fetch(link_in(letter_to(stack, _address(number), SUBJECT), "/t/c/", "html"))
        assert clicked == (302, "https://fern.example/water")

    order: Json = {"name": "order_placed", "occurred_at": datetime.now(UTC).isoformat(), "value": "20.00"}
    orders = [{**order, "email": _address(n), "external_id": f"order-{n}"} for n in range(1, ORDERED + 1)]
    assert lead.post("events/", events=orders)["created"] == ORDERED
    assert lead.post("events/", events=orders)["duplicate"] == ORDERED


def _what_came_of_it(lead: Key, goal: int, story: int, sprint: int, campaign: int) -> None:
    report = lead.get(f"reports/{campaign}/")
    assert (report["opened"], report["clicked"], report["unsubscribed"]) == (OPENED, CLICKED, 1)
    assert (report["orders"], report["machine_clicks"]) == (ORDERED, 0)

    lead.post("kpis/measure/")
    assert float(lead.get(f"goals/{goal}/")["progress"]["value"]) == pytest.approx(CLICKED / BUYERS)

    lead.post(f"sprints/{sprint}/measure/")
    (told,) = lead.get(f"sprints/{sprint}/retro/")["stories"]
    assert (told["story"], told["is_approved"]) == (story, True)
    assert told["outcome"]["verdict"] == "reached"
    assert told["outcome"]["value"] == pytest.approx(CLICKED / BUYERS)

    action = lead.post("retro-actions/", sprint=sprint, text="Try it without the offer", owner="lena@fern.example")
    made = lead.post(f"retro-actions/{action['id']}/story/")
    assert made["story"] is not None
