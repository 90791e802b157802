"""Everything twice: pollers, starts, lists, workers."""

from django.utils import timezone

from audience.models import Contact
from benchmarks.sink import running_sink
from campaigns.models import Campaign
from delivery import planning
from delivery.models import Run
from emailops.lib.queue import silence
from tests.factories.audience import ContactFactory
from tests.factories.delivery import approved_campaign
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from tests.faults.books import compare
from tests.faults.finding import Finding, Scale
from tests.faults.hands import begin, kill, plan, ring
from tests.faults.scene import Crew, wait_for_end, wait_until
from tests.together import together
from workspaces.models import Workspace

STARTS = 50


def new_campaign(people: int) -> Campaign:
    """A campaign to so many people that the owner approved and whose time has come."""
    workspace: Workspace = WorkspaceFactory.create()
    MemberFactory.create(workspace=workspace)
    Contact.objects.bulk_create(ContactFactory.build_batch(people, workspace=workspace), batch_size=2000)
    return approved_campaign(workspace, timezone.now())


def started_at_once(scale: Scale, _seed: int) -> Finding:
    """R12: two pollers look for the same campaign, fifty others start it, ten make its list, four workers send it."""
    people = scale.pick(2_000, 50_000)
    campaign = new_campaign(people)
    pollers = [begin(ring, 0.01), begin(ring, 0.01)]
    try:
        failures = together(*[_start] * STARTS)
        wait_until(Run.objects.filter(campaign=campaign).exists)  # whoever took it may still be checking
        run = Run.objects.get(campaign=campaign)
        for maker in [begin(plan, run.pk) for _number in range(10)]:
            maker.join()
        run.refresh_from_db()
        with running_sink(latency_ms=1, is_logging=True) as sink, Crew(run, sink.mail_settings, size=4):
            wait_for_end(run)
            books = compare(run, sink.accepted())
    finally:
        for poller in pollers:
            kill(poller)
    finding = Finding(f"{people:,} messages, {STARTS} starts, 3 pollers, 10 list makers, 4 workers")
    finding.at_most("runs beside the one", Run.objects.filter(campaign=campaign).count() - 1)
    finding.at_most("starts that failed", sum(isinstance(result, Exception) for result in failures))
    finding.at_most("people without a row, or with two", abs(people - books.rows))
    finding.at_most("not sent", people - sum(map(bool, (books.accepted or {}).values())))
    books.onto(finding)
    return finding


def _start() -> int:
    with silence():
        return planning.start_due(timezone.now())
