"""The whole loop as people live it: browsers, workers, SMTP, an owner on a phone, and a worker that is killed."""

import csv
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.flows.people import PASSWORD, Person, at_a_browser, fetch
from tests.flows.post import letter_to, link_in, text_of, unsubscribe_address
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.timeout(600)]

LEAD, OWNER = "lena@fern.example", "olga@fern.example"
WORKSPACE = "/w/fern-garden"
ZONE = ZoneInfo("Europe/Sofia")  # what a new workspace is asked to begin with
PEOPLE = 500
BUYERS = 480  # those with an order, whom the segment means
PER_MINUTE = 1500  # so that it still sends when a busy machine gets round to looking
SUBJECT = "your fern is thirsty"
ACCEPTED = "SELECT count(*) FROM delivery_sandboxmessage WHERE subject LIKE %s"
ENOUGH_ACCEPTED = "SELECT 1 FROM delivery_sandboxmessage WHERE subject LIKE %s HAVING count(*) >= %s"
BY_STATE = "SELECT state, count(*) FROM delivery_delivery GROUP BY state"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    slowly = {"MAIL_PER_MINUTE": str(PER_MINUTE)}
    with running_stack("loop", tmp_path_factory.mktemp("loop"), redis_number=3, settings=slowly) as running:
        yield running


def test_the_loop(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    with at_a_browser(browser, stack.base_url) as lena:
        _opens_the_workspace_and_invites_the_owner(lena, browser, stack)
        _imports_the_contacts(lena, tmp_path)
        _builds_the_segment(lena)
        _sets_goal_and_principle(lena)
        _writes_the_story(lena)
        _plans_the_sprint_and_asks(lena)
        _owner_decides_on_the_phone(browser, stack)
        _owner_cannot_decide_twice(browser, stack)
        campaign = _writes_the_mail(lena)
        _a_change_of_the_offer_voids_the_approval(lena, campaign)
        _starts_the_sprint_and_schedules(lena, campaign)
        _pauses_and_resumes_while_it_sends(lena, campaign, stack)
        _a_worker_dies_and_another_takes_over(stack)
        _everybody_got_it_once(lena, stack)
        _readers_react(browser, stack)
        _the_report_and_a_timeline_show_it(lena)
        _the_kpi_is_measured(lena)
        _the_retrospective_shows_promise_and_outcome(lena)


def _opens_the_workspace_and_invites_the_owner(lena: Person, browser: Browser, stack: Stack) -> None:
    lena.visit("/")
    lena.fill({"Your name": "Lena Fern", "E-mail address": LEAD, "Password": PASSWORD})
    lena.press("Create account")
    lena.fill({"Name of the business": "Fern Garden", "Postal address": "Lipa 1, Sofia"})
    lena.press("Open the workspace")
    lena.visit(f"{WORKSPACE}/settings/members/")
    lena.fill({"E-mail address": OWNER})
    lena.choose({"Role": "Business owner"})
    lena.press("Send invitation")
    lena.sees("Invited, not here yet", OWNER)

    with at_a_browser(browser, stack.base_url) as olga:
        olga.visit(link_in(letter_to(stack, OWNER, "invites|Join|Fern"), "/join/"))
        olga.fill({"Your name": "Olga Fern", "Password": PASSWORD})
        olga.press("Create account and join")
        expect(olga.page).to_have_url(re.compile(f"{WORKSPACE}/"))


def _imports_the_contacts(lena: Person, folder: Path) -> None:
    lena.visit(f"{WORKSPACE}/attributes/")
    lena.fill({"Name": "Orders"})
    lena.choose({"Kind": "Number"})
    lena.press("Add attribute")
    lena.visit(f"{WORKSPACE}/lists/")
    lena.fill({"Name": "Fern letter"})
    lena.press("Create list")

    lena.visit(f"{WORKSPACE}/imports/")
    lena.attach({"File": _customers(folder)})
    lena.press("Match columns")
    lena.choose({"Ordered": "Orders"})
    lena.tick("Fern letter", "These people agreed to marketing mail")
    lena.fill({"Where they agreed": "At the till, 2026", "In which words": "Write to me"})
    lena.press("Check the file")
    lena.sees("500", "2")
    lena.press("Start the import")
    lena.sees("500", "2")
    with lena.page.expect_download() as download:
        lena.main.get_by_role("link", name="Download these rows").click()
    refused = download.value.path().read_text("utf-8-sig")
    assert "nobody-at-fern.example" in refused
    assert "many" in refused


def _customers(folder: Path) -> Path:
    """A file as a shop writes it: 500 good rows, one without an address, one whose number is a word."""
    path = folder / "customers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["E-mail", "First name", "Ordered"])
        for number in range(PEOPLE):
            rows.writerow([_address(number), f"Мая {number}", 0 if number >= BUYERS else number % 7 + 1])
        rows.writerow(["nobody-at-fern.example", "Nobody", 1])
        rows.writerow(["word@reader.example", "Word", "many"])
    return path


def _address(number: int) -> str:
    return f"reader{number}@reader.example"


def _builds_the_segment(lena: Person) -> None:
    lena.visit(f"{WORKSPACE}/segments/new/")
    lena.fill({"Name": "Buyers who read"})
    _rule(lena, 1, {"Field": "Orders", "Comparison": "is more than"})
    with lena.part_changes():
        _condition(lena, 1).get_by_label("Number").fill("0")
    lena.sees("480")
    with lena.part_changes():
        lena.press("Add condition")
    _rule(lena, 2, {"Field": "List"})
    with lena.part_changes():
        _condition(lena, 2).get_by_text("Fern letter").click()
    lena.sees("480")
    lena.press("Save segment")
    lena.sees("Buyers who read", "480")


def _rule(lena: Person, number: int, choices: dict[str, str]) -> None:
    for label, option in choices.items():
        with lena.part_changes():
            _condition(lena, number).get_by_label(label).select_option(label=option)


def _condition(lena: Person, number: int) -> Locator:
    return lena.main.get_by_role("group", name=f"Condition {number}", exact=True)


def _sets_goal_and_principle(lena: Person) -> None:
    lena.visit(f"{WORKSPACE}/strategy/principles/new/")
    lena.fill({"Rule": "Nobody hears from us twice in a week", "Reason": "People left last year because of it"})
    lena.press("Write it down")
    lena.visit(f"{WORKSPACE}/strategy/kpis/new/")
    lena.fill({"Name": "Readers who click"})
    lena.tick("Click rate", "More is better")
    lena.press("Add KPI")
    lena.visit(f"{WORKSPACE}/strategy/goals/new/")
    lena.fill({"Goal": "Letters worth a click", "From": "2", "To": "6", "Starts": _day(0), "Reached by": _day(90)})
    lena.press("Set goal")
    lena.sees("Bring .*Readers who click.* from 2% to 6%")


def _day(ahead: int) -> str:
    return (datetime.now(ZONE) + timedelta(days=ahead)).date().isoformat()


def _writes_the_story(lena: Person) -> None:
    lena.visit(f"{WORKSPACE}/stories/new/")
    lena.fill(
        {
            "Title": "Water reminder",
            "As a": "buyer of a fern",
            "I want": "to hear when it needs water",
            "So that": "it lives",
            "Acceptance criteria": "Says how much water\nReads well on a phone",
            "Points": "3",
        }
    )
    lena.choose({"Kind": "Campaign", "Serves the goal": "Letters worth a click"})
    lena.press("Save story")
    lena.follow("Write the hypothesis")
    lena.fill(
        {
            "Because": "Half of the ferns that come back are dry",
            "We believe that": "a reminder with one number",
            "For": "buyers",
            "From": "2",
            "To": "5",
            "Smallest effect worth it": "1",
            "Look at the result on": _day(0),
        }
    )
    lena.choose({"Will move": "Click rate (%)"})
    lena.press("Save hypothesis")
    lena.follow("Write the send brief")
    lena.choose({"Who hears from us": "Buyers who read"})
    lena.fill({"Not before": _day(0), "Not after": _day(13), "Offer": "A free mister", "Cost of the offer": "50"})
    lena.fill({"Expected revenue, at least": "100", "Expected revenue, at most": "300"})
    lena.press("Save send brief")
    lena.sees("Buyers who read", "A free mister", "480, of whom 480 may be written to")


def _plans_the_sprint_and_asks(lena: Person) -> None:
    lena.visit(f"{WORKSPACE}/sprints/new/")
    lena.fill({"Name": "Thirst", "Sprint goal": "Fewer dry ferns", "First day": _day(0), "Last day": _day(13)})
    lena.fill({"Capacity in points": "8"})
    lena.choose({"Serves the goal": "Letters worth a click"})
    lena.press("Plan this sprint")
    with lena.part_changes():
        lena.press("Put in: Water reminder")
    lena.sees(r"Ready for the owner\?\s+Ready")
    lena.follow("Ask for approval")
    lena.fill({"Your message": "Please look at the offer first."})
    lena.press("Send for approval")
    lena.sees("Waiting")


def _owner_decides_on_the_phone(browser: Browser, stack: Stack) -> None:
    with at_a_browser(browser, stack.base_url, phone=True) as olga:
        address = link_in(letter_to(stack, OWNER, "For your decision"), "/approve/")
        olga.visit(address)
        olga.visit(address)
        assert stack.rows("SELECT count(*) FROM sprints_storydecision") == [(0,)], "looking decided something"
        olga.sees("Water reminder", "A free mister", "480")
        olga.main.get_by_role("group", name="Your decision on").get_by_text("Approve", exact=True).click()
        olga.fill({"What should change, or the conditions, one a line": "Do it, and tell me what it cost."})
        olga.page.get_by_role("button", name="Approve", exact=True).click()
        olga.press("Yes, approve", inside=olga.page.get_by_role("dialog"))
        olga.sees("approved|Approved")
    assert stack.rows("SELECT verdict FROM sprints_storydecision") == [("approved",)]


def _owner_cannot_decide_twice(browser: Browser, stack: Stack) -> None:
    with at_a_browser(browser, stack.base_url) as olga:
        olga.visit(link_in(letter_to(stack, OWNER, "For your decision"), "/approve/"), status=410)
        olga.sees("This link no longer works")
        assert olga.page.get_by_role("button", name="Approve the plan").count() == 0


def _writes_the_mail(lena: Person) -> str:
    """Returns the address of the campaign."""
    lena.visit(f"{WORKSPACE}/settings/senders/")
    lena.fill({"Name": "Lena from Fern Garden", "Address": "lena@letters.fern.example"})
    lena.press("Add sender")
    lena.visit(f"{WORKSPACE}/campaigns/new/")
    lena.follow("Water reminder")
    lena.press("Create the campaign")
    lena.follow("Write the mail")
    lena.follow("An empty page")
    lena.fill({"Subject": f"{{{{ contact.first_name }}}}, {SUBJECT}", "Preview text": "One number is enough"})
    text = lena.main.get_by_role("textbox", name="Text", exact=True)
    text.fill("# Hello {{ contact.first_name }\n\nA broken one.")
    lena.press("Save")
    lena.sees("[Ll]ine 1")
    text.fill(MAIL)
    lena.press("Save")
    lena.sees("Version 1")
    expect(lena.page.frame_locator("iframe").first.locator("body")).to_contain_text("Мая")
    return lena.page.url.partition("content/")[0]


MAIL = """# Hello {{ contact.first_name }}

Your fern wants **200 ml**.

[Read how](https://fern.example/water) · [Get the mister](https://fern.example/mister)
"""


def _a_change_of_the_offer_voids_the_approval(lena: Person, campaign: str) -> None:
    lena.visit(f"{campaign}edit/")
    lena.fill({"Offer": "20% off everything"})
    lena.press("Save campaign")
    lena.visit(f"{campaign}checks/")
    lena.sees("Not what the owner approved", "A free mister", "20% off everything")
    lena.visit(f"{campaign}edit/")
    lena.fill({"Offer": "A free mister"})
    lena.press("Save campaign")
    lena.visit(f"{campaign}checks/")
    lena.sees("The owner approved exactly this", "480 people can be written to")


def _starts_the_sprint_and_schedules(lena: Person, campaign: str) -> None:
    lena.visit(f"{WORKSPACE}/sprints/")
    lena.follow("Thirst")
    lena.press("Start the sprint")
    lena.visit(f"{campaign}schedule/")
    lena.main.locator("input[name=at]").fill(f"{_day(-1)}T09:00")
    lena.press("Put on the schedule")
    lena.sees("past")
    lena.tick("Now")
    lena.press("Put on the schedule")


def _pauses_and_resumes_while_it_sends(lena: Person, campaign: str, stack: Stack) -> None:
    stack.wait_for(ENOUGH_ACCEPTED, f"%{SUBJECT}", 40)
    with _mail_server_hangs(stack):
        lena.visit(campaign)
        lena.sees("of 480 settled")
        lena.press("Pause")
        lena.sees("Paused")
    stack.wait_for("SELECT 1 WHERE NOT EXISTS (SELECT FROM delivery_lane)")
    ((before,),) = stack.rows(ACCEPTED, f"%{SUBJECT}")
    lena.page.wait_for_timeout(4000)
    assert stack.rows(ACCEPTED, f"%{SUBJECT}") == [(before,)], "a paused campaign went on"
    assert 40 <= before < BUYERS
    lena.press("Resume")


@contextmanager
def _mail_server_hangs(stack: Stack) -> Iterator[None]:
    """The mail server takes what comes and answers nothing, until it wakes up."""
    server = stack.running["sandbox"].pid
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def _a_worker_dies_and_another_takes_over(stack: Stack) -> None:
    """It dies between handing a message over and hearing that it was taken: the worst moment there is."""
    ((before,),) = stack.rows(ACCEPTED, f"%{SUBJECT}")
    stack.wait_for(ENOUGH_ACCEPTED, f"%{SUBJECT}", before + 40)
    with _mail_server_hangs(stack):
        stack.wait_for("SELECT 1 FROM delivery_delivery WHERE state = 'sending'")
        stack.kill("send")
    ((left,),) = stack.rows("SELECT count(*) FROM delivery_delivery WHERE state <> 'sent'")
    assert left > 0, "it had sent everything before it died"
    stack.start("send")


def _everybody_got_it_once(lena: Person, stack: Stack) -> None:
    stack.wait_for("SELECT 1 FROM delivery_run WHERE finished_at IS NOT NULL", seconds=120)
    accepted = stack.rows(
        "SELECT recipient, count(*) FROM delivery_sandboxmessage WHERE subject LIKE %s GROUP BY recipient",
        f"%{SUBJECT}",
    )
    assert sorted(accepted) == sorted((_address(number), 1) for number in range(BUYERS))
    assert stack.rows(BY_STATE) == [("sent", BUYERS)]
    lena.visit(lena.page.url)
    lena.sees("Sent to 480 people")


def _readers_react(browser: Browser, stack: Stack) -> None:
    """Sixty open, forty of them click, one leaves by the mail program's button and one by the link in the mail."""
    time.sleep(2.5)  # what opens a mail within two seconds of its arrival counts as a machine
    for number in range(60):
        mail = letter_to(stack, _address(number), SUBJECT)
        assert "200 ml" in text_of(mail)
        assert mail["Subject"].startswith(f"Мая {number},")
        assert fetch(link_in(mail, "/t/o/", "html")) == (200, "")
    for number in range(40):
        mail = letter_to(stack, _address(number), SUBJECT)
        assert fetch(link_in(mail, "/t/c/", "html")) == (302, "https://fern.example/water")
    with at_a_browser(browser, stack.base_url) as reader:
        reader.visit(link_in(letter_to(stack, _address(1), SUBJECT), "/t/u/"))
        reader.press("Unsubscribe")
        reader.sees("You are unsubscribed")
    one_click = unsubscribe_address(letter_to(stack, _address(0), SUBJECT))
    assert fetch(one_click, data=b"List-Unsubscribe=One-Click") == (200, "")


def _the_report_and_a_timeline_show_it(lena: Person) -> None:
    lena.follow("Report")
    lena.sees(r"Opened\s*60", r"Clicked\s*40", r"Unsubscribed\s*2", "/water")
    lena.visit(f"{WORKSPACE}/contacts/?q={_address(1)}")
    lena.follow("Мая 1")
    lena.sees("Water reminder", "[Oo]pened", "[Cc]licked", "[Uu]nsubscribed")


def _the_kpi_is_measured(lena: Person) -> None:
    lena.visit(f"{WORKSPACE}/strategy/kpis/")
    lena.press("Measure now")
    lena.visit(f"{WORKSPACE}/strategy/")
    lena.follow("Letters worth a click")
    lena.sees("8.3")


def _the_retrospective_shows_promise_and_outcome(lena: Person) -> None:
    lena.visit(f"{WORKSPACE}/retros/")
    lena.follow("Thirst")
    lena.press("Measure now")
    lena.sees("Water reminder", "8.33%", "5%", "Reached")
    lena.main.get_by_label("Your note").first.fill("One number was enough")
    lena.press(re.compile("Add ?: Went well"))
    lena.sees("One number was enough")
    lena.fill({"What we will do": "Try it without the offer"})
    with lena.part_changes():
        lena.press("Add to what we agreed")
    with lena.part_changes():
        lena.press(re.compile("Make it a story"))
    lena.visit(f"{WORKSPACE}/backlog/")
    lena.sees("Try it without the offer")
