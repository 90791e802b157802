"""The log of approvals: it only grows, and whoever rewrites it is found."""

import threading
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from sprints.approval_log import FIRST, tell, verify
from sprints.models import ApprovalEvent, ApprovalLogEntry, ApprovalLogHead, Verdict
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.workspaces import WorkspaceFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def _story(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now), Verdict.CHANGE, now, comment="Cheaper, please: = 1 € ✓")
    answer(asked(sprint, now), Verdict.APPROVED, now)


def _forge(sql: str) -> None:
    """What somebody can do who owns the database and switches the trigger off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_each_line_holds_the_hash_of_the_one_before(workspace: Workspace, now: datetime) -> None:
    _story(workspace, now)

    lines = list(ApprovalLogEntry.objects.order_by("number"))
    assert [line.event for line in lines] == ["asked", "decided", "asked", "decided"]
    assert [line.previous for line in lines] == [FIRST, *(line.digest for line in lines[:-1])]
    chain = verify(workspace)
    assert (chain.is_intact, chain.count) == (True, 4)


@pytest.mark.parametrize("sql", ["UPDATE {0} SET actor = 'x'", "DELETE FROM {0}"])
def test_the_database_refuses_to_change_or_delete_a_line(workspace: Workspace, now: datetime, sql: str) -> None:
    _story(workspace, now)

    with pytest.raises(Error, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format("sprints_approvallogentry"))

    assert verify(workspace).count == 4


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ('UPDATE {0} SET detail = detail || \'{{"verdict": "approved"}}\' WHERE number = 2', 2),
        ("UPDATE {0} SET at = at + interval '1 second' WHERE number = 3", 3),
        ("DELETE FROM {0} WHERE number = 2", 2),
        ("DELETE FROM {0} WHERE number = 4", 4),
        ("DELETE FROM {0}", 1),
        ("UPDATE {0} SET digest = previous WHERE number = 1", 1),
    ],
)
def test_whoever_gets_round_the_trigger_is_found(workspace: Workspace, now: datetime, sql: str, line: int) -> None:
    _story(workspace, now)
    _forge(sql.format("sprints_approvallogentry"))

    chain = verify(workspace)

    assert (chain.is_intact, chain.broken_at) == (False, line)
    with pytest.raises(CommandError, match="maren-moss"):
        call_command("verify_approvals")


def test_the_command_says_that_all_is_well(
    workspace: Workspace, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    _story(workspace, now)

    call_command("verify_approvals", "maren-moss")

    assert "maren-moss: intact, 4 lines" in capsys.readouterr().out


def test_the_command_knows_its_workspaces() -> None:
    with pytest.raises(CommandError, match="no workspace"):
        call_command("verify_approvals", "nowhere")


def test_each_workspace_has_a_chain_of_its_own(workspace: Workspace, now: datetime) -> None:
    _story(workspace, now)
    other = WorkspaceFactory.create()
    asked(ready_sprint(other), now)

    assert ApprovalLogEntry.objects.for_workspace(other).get().previous == FIRST
    assert verify(other).count == 1


@pytest.mark.django_db(transaction=True)
def test_lines_written_at_the_same_moment_still_make_one_chain(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    start = threading.Barrier(6)

    def write() -> None:
        start.wait()
        try:
            with transaction.atomic():
                tell(ApprovalEvent.RULES_SET, lead, by=lead, now=now)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert verify(workspace).count == 6
    assert verify(workspace).is_intact
    assert ApprovalLogHead.objects.get().number == 6
