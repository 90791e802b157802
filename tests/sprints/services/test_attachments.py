"""Files of a story: judged by their content, kept under our names, gone when removed."""

import io
from datetime import datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from sprints.models import Attachment, Story
from sprints.services.attachments import AttachmentRefused, attach, remove_attachment, room_used
from tests.factories.sprints import StoryFactory
from tests.factories.talk import PNG, AttachmentFactory
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace)
    return made


def _attach(story: Story, content: bytes, name: str, by: Member, now: datetime) -> Attachment:
    return attach(story=story, file=ContentFile(content, name=name), name=name, by=by, now=now)


def test_a_file_is_what_its_content_says(story: Story, marketer: Member, now: datetime) -> None:
    picture = _attach(story, PNG, "report.pdf", marketer, now)
    markup = _attach(story, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.png", marketer, now)

    assert (picture.media_type, picture.is_picture) == ("image/png", True)
    assert (markup.media_type, markup.is_picture) == ("text/html", False)


def test_the_name_people_give_does_not_reach_the_disk(story: Story, marketer: Member, now: datetime) -> None:
    kept = _attach(story, PNG, "../../etc/pass\u202ewd.png", marketer, now)

    assert kept.name == "passwd.png"
    assert "pass" not in str(kept.file.name)
    assert str(kept.file.name).startswith(f"attachments/{story.workspace_id}/")


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00\x03\x00\x00", b"\x7fELF\x02\x01\x01\x00", b"\x00" * 40])
def test_what_we_do_not_know_is_not_kept(content: bytes, story: Story, marketer: Member, now: datetime) -> None:
    with pytest.raises(AttachmentRefused):
        _attach(story, content, "picture.png", marketer, now)

    assert not Attachment.objects.exists()


def test_kinds_that_the_installation_does_not_want_are_refused(
    story: Story, marketer: Member, now: datetime, settings: Settings
) -> None:
    settings.ATTACHMENT_TYPES = ["application/pdf"]

    with pytest.raises(AttachmentRefused):
        _attach(story, PNG, "a.png", marketer, now)


def test_a_file_that_is_too_large_is_refused(story: Story, marketer: Member, now: datetime, settings: Settings) -> None:
    settings.ATTACHMENT_MEGABYTES = 1

    with pytest.raises(AttachmentRefused, match="1 MB"):
        _attach(story, PNG + b"\0" * 1024 * 1024, "a.png", marketer, now)


def test_a_workspace_has_room_for_so_much(story: Story, marketer: Member, now: datetime, settings: Settings) -> None:
    settings.ATTACHMENTS_MEGABYTES = 1
    AttachmentFactory.create(story=story, size=1024 * 1024)
    AttachmentFactory.create(size=1024 * 1024)  # somebody else's

    with pytest.raises(AttachmentRefused, match="room"):
        _attach(story, PNG, "a.png", marketer, now)

    assert room_used(story.workspace) == 1024 * 1024


def test_a_removed_file_is_gone_and_the_history_knows_it(
    story: Story, marketer: Member, now: datetime, django_capture_on_commit_callbacks: object
) -> None:
    kept = _attach(story, PNG, "a.png", marketer, now)
    path = str(kept.file.name)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # a fixture of pytest-django
        remove_attachment(attachment=kept, by=marketer, now=now)

    assert not default_storage.exists(path)
    assert AuditEntry.objects.filter(action="story.attachment_removed", detail__name="a.png").exists()


def test_a_file_is_read_from_its_start(story: Story, marketer: Member, now: datetime) -> None:
    file = ContentFile(PNG, name="a.png")
    file.seek(5)

    kept = attach(story=story, file=file, name="a.png", by=marketer, now=now)

    assert io.BytesIO(kept.file.read()).read() == PNG
