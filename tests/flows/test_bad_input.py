"""Bad input on every way in: a sentence that says what is wrong and what to do, and nothing is changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from audience.models import AttributeDefinition, Contact, ContactImport, ImportState, Segment
from audience.services import archive_attribute
from campaigns.models import Campaign, CampaignState, ContentVersion
from delivery.models import Delivery, Run, RunState
from delivery.planning import plan_run, start_due
from sprints.models import ApprovalRequest, ApprovalState, StoryDecision
from sprints.services.approval_links import approval_token
from sprints.services.approvals import LINK_LIFE
from tests.conftest import Bell
from tests.factories.approvals import asked, ready_sprint
from tests.factories.audience import AttributeFactory, ContactFactory, ImportFactory, SegmentFactory
from tests.factories.campaigns import TEXT, CampaignFactory, ready_campaign, with_parts
from tests.factories.delivery import approved_campaign
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.html import without_tokens
from workspaces.models import AuditEntry, Member, Workspace

Browse = Callable[[Member], Client]
Program = Callable[..., APIClient]

pytestmark = pytest.mark.django_db

TEN_MEGABYTES = 10 * 1024 * 1024
GONE = "“city”, which no longer exists"


@pytest.fixture
def maker(marketer: Member, browse: Browse) -> Client:
    return browse(marketer)


@pytest.fixture
def program(marketer: Member, api: Program) -> APIClient:
    return api(marketer)


def _at(name: str, workspace: Workspace, **kwargs: Any) -> str:
    return reverse(name, kwargs={"workspace": workspace.slug, **kwargs})


def _words(answer: Any) -> str:
    """What stands on a page, as it is read."""
    return unescape(answer.content.decode())


class TestAFileThatIsNoList:
    @pytest.mark.parametrize(
        ("raw", "encoding", "says"),
        [
            ("имя,email\nАнна,anna@example.org\n".encode(), "utf-16", "not in the encoding UTF-16 (near line 1)"),
            ("email,имя\nann@example.org,Анна\n".encode() + b"\xff\n", "", "(near line 3)"),
            (
                b"email\n" + b"x" * TEN_MEGABYTES,
                "",
                "Line 2 is longer than 262144 characters. Is a quotation mark missing",
            ),
            (b'email,name\n"ann@example.org,Ann\n', "", "On line 2 a quotation mark opens that is never closed."),
            (b"PK\x03\x04\0\0\0\0", "", "The workbook is damaged. Save it again and try once more."),
            (b"\n\n\n", "", "The file has no header."),
        ],
        ids=["not utf-16", "a bad byte", "a line of 10 MB", "open quotation", "a spreadsheet", "no header"],
    )
    def test_the_upload_says_what_to_do_and_keeps_nothing(
        self, workspace: Workspace, maker: Client, raw: bytes, encoding: str, says: str
    ) -> None:
        data = {"file": SimpleUploadedFile("people.csv", raw), "encoding": encoding}

        answer = maker.post(_at("audience:import_list", workspace), data)

        assert answer.status_code == 422
        assert says in _words(answer)
        assert not ContactImport.objects.exists()
        assert not AuditEntry.objects.exists()

    def test_nothing_chosen_is_said_at_the_field(self, workspace: Workspace, maker: Client) -> None:
        answer = maker.post(_at("audience:import_list", workspace), {"encoding": ""})

        assert answer.status_code == 422
        assert answer.context["form"].errors["file"] == ["This field is required."]

    def test_a_file_without_an_e_mail_column_is_not_started(
        self, workspace: Workspace, maker: Client, bells: list[Bell], django_capture_on_commit_callbacks: Any
    ) -> None:
        found = ImportFactory.create(workspace=workspace)
        data = {"column_0": "first_name", "column_1": "last_name", "consent": "unknown"}

        with django_capture_on_commit_callbacks(execute=True):
            answer = maker.post(_at("audience:import_map", workspace, pk=found.pk), data)

        assert answer.status_code == 422
        assert "Say which column holds the e-mail address: without it there is nobody to write to." in _words(answer)
        found.refresh_from_db()
        assert (found.state, bells) == (ImportState.MAPPING, [])
        assert not Contact.objects.exists()


class TestATemplateThatCannotBeRead:
    @pytest.mark.parametrize(
        ("source", "says"),
        [
            ("Hello\n\n{{ contact.first_name", "Line 3: “}}” is missing."),
            ("Hello\n{% if contact.first_name %}\nyou", "“{% endif %}” is missing."),
            ("Hello\n{{ contact.first_name | shout }}", "Line 2: there is no filter “shout”."),
        ],
    )
    def test_the_editor_names_the_line_and_what_is_wrong_and_keeps_the_text(
        self, workspace: Workspace, maker: Client, source: str, says: str
    ) -> None:
        campaign = CampaignFactory.create(workspace=workspace, content=TEXT)
        data = {"subject": "Hello", "preheader": "", "written_as": "markdown", "source": source}

        answer = maker.post(_at("campaigns:campaign_content", workspace, pk=campaign.pk), data)

        assert answer.status_code == 422
        assert says in _words(answer)
        assert source.splitlines()[-1] in _words(answer), "what was written is still in the field"
        assert ContentVersion.objects.count() == 1

    def test_a_program_is_told_the_same(self, workspace: Workspace, program: APIClient) -> None:
        campaign = CampaignFactory.create(workspace=workspace, content=TEXT)
        body = {"subject": "Hello", "source": "Hello\n\n{{ contact.first_name"}

        answer = program.put(reverse("api:campaign-content", args=[campaign.pk]), body, format="json")

        assert answer.status_code == 400
        assert answer.data["fields"] == {"source": ["Line 3: “}}” is missing."]}
        assert ContentVersion.objects.count() == 1


RULE = {"match": "all", "rules": [{"field": "attribute.city", "op": "is", "value": "Sofia"}]}


@pytest.fixture
def city(workspace: Workspace) -> AttributeDefinition:
    made: AttributeDefinition = AttributeFactory.create(workspace=workspace, key="city", label="City")
    return made


@pytest.fixture
def scheduled(workspace: Workspace, city: AttributeDefinition, now: datetime) -> Campaign:
    """On the schedule, its time has come, and its segment asks for the city; somebody lives there."""
    ContactFactory.create_batch(3, workspace=workspace, attributes={"city": "Sofia"})
    segment = SegmentFactory.create(workspace=workspace, definition=RULE)
    return with_parts(approved_campaign(workspace, now, segment=segment))


class TestASegmentThatAsksForWhatIsGone:
    @pytest.fixture
    def segment(self, workspace: Workspace, city: AttributeDefinition, lead: Member, now: datetime) -> Segment:
        made: Segment = SegmentFactory.create(workspace=workspace, name="In Sofia", definition=RULE)
        archive_attribute(definition=city, by=lead, now=now)
        return made

    def test_the_list_and_the_builder_say_so(self, workspace: Workspace, segment: Segment, maker: Client) -> None:
        listed = maker.get(_at("audience:segment_list", workspace))
        shown = maker.get(_at("audience:segment_edit", workspace, pk=segment.pk))

        assert (listed.status_code, shown.status_code) == (200, 200)
        assert GONE in _words(listed)
        assert "“city” no longer exists. Choose another field or remove the line." in _words(shown)

    def test_it_cannot_be_saved_again_with_that_rule(
        self, workspace: Workspace, segment: Segment, maker: Client
    ) -> None:
        rule = {"g0-match": "all", "g0-r0-field": "attribute.city", "g0-r0-op": "is", "g0-r0-value": "Sofia"}
        before = AuditEntry.objects.count()

        answer = maker.post(
            _at("audience:segment_edit", workspace, pk=segment.pk), {"name": "Renamed", "do": "save", **rule}
        )

        assert answer.status_code == 422
        segment.refresh_from_db()
        assert (segment.name, segment.definition) == ("In Sofia", RULE)
        assert AuditEntry.objects.count() == before

    def test_a_program_is_told_the_same(self, workspace: Workspace, segment: Segment, program: APIClient) -> None:
        counted = program.get(reverse("api:segment-count", args=[segment.pk]))
        made = program.post(reverse("api:segment-list"), {"name": "Again", "definition": RULE}, format="json")

        assert (counted.status_code, made.status_code) == (409, 409)
        assert GONE in counted.data["message"]
        assert GONE in made.data["message"]
        assert Segment.objects.count() == 1

    def test_the_checks_of_a_campaign_stop_and_so_does_its_schedule(
        self, workspace: Workspace, segment: Segment, maker: Client, now: datetime
    ) -> None:
        campaign = ready_campaign(workspace, now)
        Segment.objects.filter(pk=campaign.segment_id).update(definition=RULE)
        noon = f"{campaign.story.brief.window_start.isoformat()}T12:00"

        checks = maker.get(_at("campaigns:campaign_checks", workspace, pk=campaign.pk))
        answer = maker.post(
            _at("campaigns:campaign_schedule", workspace, pk=campaign.pk), {"when": "later", "at": noon}
        )

        assert checks.status_code == 200
        assert GONE in _words(checks)
        assert answer.status_code == 422
        assert GONE in _words(answer)
        assert with_parts(campaign).state == CampaignState.DRAFT

    def test_what_was_scheduled_before_is_held_back_and_nobody_is_written_to(
        self, scheduled: Campaign, city: AttributeDefinition, lead: Member, now: datetime
    ) -> None:
        archive_attribute(definition=city, by=lead, now=now)

        start_due(now)

        held = with_parts(scheduled)
        assert held.state == CampaignState.HELD
        assert GONE in held.held_reason
        assert not Run.objects.exists()

    def test_what_has_begun_pauses_before_the_first_message_and_says_why(
        self, scheduled: Campaign, city: AttributeDefinition, lead: Member, now: datetime, maker: Client
    ) -> None:
        start_due(now)
        run = Run.objects.get()
        archive_attribute(definition=city, by=lead, now=now)

        plan_run(run.pk, now)

        run.refresh_from_db()
        page = maker.get(_at("campaigns:campaign_detail", scheduled.workspace, pk=scheduled.pk))
        assert run.state == RunState.PAUSED
        assert GONE in _words(page)
        assert not Delivery.objects.exists()


class TestALinkThatNoLongerCounts:
    @pytest.fixture
    def asked_for(self, workspace: Workspace, owner: Member, lead: Member, now: datetime) -> ApprovalRequest:
        return asked(ready_sprint(workspace), now, by=lead, to=owner)

    @staticmethod
    def _try(request: ApprovalRequest, verdict: str = "declined") -> list[Any]:
        """Open the link, then answer by it."""
        url = reverse("sprints:approve", args=[approval_token(request)])
        return [Client().get(url), Client().post(url, {"fingerprint": request.fingerprint, "verdict": verdict})]

    def test_an_expired_link_says_so_and_decides_nothing(self, asked_for: ApprovalRequest, now: datetime) -> None:
        ApprovalRequest.objects.update(link_expires_at=now - LINK_LIFE)

        answers = self._try(asked_for)

        for answer in answers:
            assert answer.status_code == 410
            assert "This link has expired. Ask the team to send a new one." in _words(answer)
        asked_for.refresh_from_db()
        assert asked_for.state == ApprovalState.OPEN
        assert not StoryDecision.objects.exists()

    def test_a_used_link_says_what_was_answered_and_the_answer_stays(self, asked_for: ApprovalRequest) -> None:
        self._try(asked_for, "approved")
        entries = AuditEntry.objects.count()

        shown, answered = self._try(asked_for, "declined")

        for answer in (shown, answered):
            assert answer.status_code == 410
            assert "This link was used: the answer was “Approved”. It works once." in _words(answer)
        asked_for.refresh_from_db()
        assert (asked_for.state, asked_for.verdict) == (ApprovalState.DECIDED, "approved")
        assert AuditEntry.objects.count() == entries

    def test_a_link_with_a_letter_missing_opens_nothing(self, asked_for: ApprovalRequest) -> None:
        url = reverse("sprints:approve", args=[approval_token(asked_for)[:-1]])

        answer = Client().post(url, {"fingerprint": asked_for.fingerprint, "verdict": "approved"})

        assert answer.status_code == 410
        asked_for.refresh_from_db()
        assert asked_for.state == ApprovalState.OPEN


class TestATimeInThePast:
    def test_the_page_says_so_at_the_field(self, workspace: Workspace, maker: Client, now: datetime) -> None:
        campaign = ready_campaign(workspace, now)
        yesterday = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

        answer = maker.post(
            _at("campaigns:campaign_schedule", workspace, pk=campaign.pk), {"when": "later", "at": yesterday}
        )

        assert answer.status_code == 422
        assert "This time is in the past. Choose a later one." in _words(answer)
        assert list(answer.context["form"].errors) == ["at"]
        self._is_untouched(campaign)

    def test_a_program_is_told_the_same(self, workspace: Workspace, program: APIClient, now: datetime) -> None:
        campaign = ready_campaign(workspace, now)
        body = {"at": (now - timedelta(days=1)).isoformat()}

        answer = program.post(reverse("api:campaign-schedule", args=[campaign.pk]), body, format="json")

        assert answer.status_code == 409
        assert answer.data["message"] == "This time is in the past. Choose a later one."
        self._is_untouched(campaign)

    @staticmethod
    def _is_untouched(campaign: Campaign) -> None:
        found = with_parts(campaign)
        assert (found.state, found.scheduled_at) == (CampaignState.DRAFT, None)
        assert not AuditEntry.objects.filter(action="campaign.scheduled").exists()


class TestAWorkspaceThatIsNotYours:
    PAGES = ("contact_list", "segment_list", "import_list", "list_list", "attribute_list")

    @pytest.mark.parametrize("name", PAGES)
    def test_its_pages_are_not_there_and_no_word_of_it_is_said(
        self, workspace: Workspace, outsider: Member, browse: Browse, name: str
    ) -> None:
        answer = browse(outsider).get(_at(f"audience:{name}", workspace))

        assert answer.status_code == 404
        assert "it belongs to a workspace that is not yours" in _words(answer)
        assert workspace.name not in _words(answer)

    def test_it_looks_like_one_that_does_not_exist(
        self, workspace: Workspace, outsider: Member, browse: Browse
    ) -> None:
        client = browse(outsider)

        there = client.get(_at("audience:contact_list", workspace))
        nowhere = client.get(reverse("audience:contact_list", kwargs={"workspace": "no-such-shop"}))

        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert without_tokens(there) == without_tokens(nowhere)

    def test_rows_of_it_are_not_there_for_a_program_either(
        self, workspace: Workspace, outsider: Member, api: Program
    ) -> None:
        rows = {
            "api:contact-detail": ContactFactory.create(workspace=workspace),
            "api:segment-detail": SegmentFactory.create(workspace=workspace),
            "api:campaign-detail": CampaignFactory.create(workspace=workspace),
            "api:story-detail": StoryFactory.create(workspace=workspace),
            "api:sprint-detail": SprintFactory.create(workspace=workspace),
            "api:goal-detail": GoalFactory.create(workspace=workspace),
        }
        client = api(outsider)

        answers = {name: client.get(reverse(name, args=[row.pk])) for name, row in rows.items()}

        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(rows, 404)
        assert {answer.data["code"] for answer in answers.values()} == {"not_found"}
        assert all(answer.data["message"] for answer in answers.values())

    def test_writing_to_it_changes_nothing(self, workspace: Workspace, outsider: Member, browse: Browse) -> None:
        contact = ContactFactory.create(workspace=workspace, first_name="Ann")
        entries = AuditEntry.objects.count()

        with CaptureQueriesContext(connection) as asked_of_database:
            answer = browse(outsider).post(
                _at("audience:contact_edit", workspace, pk=contact.pk), {"email": contact.email, "first_name": "Eve"}
            )

        contact.refresh_from_db()
        assert answer.status_code == 404
        assert contact.first_name == "Ann"
        assert AuditEntry.objects.count() == entries
        assert not [query for query in asked_of_database if "audience_contact" in query["sql"]]
