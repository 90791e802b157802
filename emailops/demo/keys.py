"""How the mail of Maren & Moss is signed: a key from the first week, its successor, and one that waits."""

from datetime import datetime

from delivery.dkim import Algorithm
from delivery.models import SigningKey
from delivery.signing import add_key, rotate_key, switch_on
from emailops.demo.stage import RUNNING_SPRINT, Stage

DOMAIN = "marenmoss.example"


class Keys:
    """The signing keys, each made on one day and switched on the next, as DNS takes its time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def tell(self) -> None:
        on, calendar = self._stage.diary.on, self._stage.calendar
        on(calendar.after_founding(1, "10:40"), lambda now: self._add(Algorithm.RSA, now))
        on(calendar.after_founding(2, "09:30"), self._switch_on)
        on(calendar.in_sprint(RUNNING_SPRINT, "2 16:10"), self._replace)
        on(calendar.in_sprint(RUNNING_SPRINT, "3 09:20"), self._switch_on)
        on(calendar.in_sprint(RUNNING_SPRINT, "3 09:45"), lambda now: self._add(Algorithm.ED25519, now))

    def _add(self, algorithm: Algorithm, now: datetime) -> None:
        add_key(workspace=self._stage.workspace, domain=DOMAIN, algorithm=algorithm, by=self._stage.lead, now=now)

    def _replace(self, now: datetime) -> None:
        rotate_key(key=self._latest(), by=self._stage.lead, now=now)

    def _switch_on(self, now: datetime) -> None:
        switch_on(key=self._latest(), by=self._stage.lead, now=now)

    def _latest(self) -> SigningKey:
        return SigningKey.objects.for_workspace(self._stage.workspace).select_related("workspace").latest("pk")
