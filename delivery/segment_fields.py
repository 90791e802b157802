"""What segments can ask about our mails."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from audience.segments.fields import Field, Kind
from audience.segments.own_fields import past
from delivery.models import Delivery, DeliveryState, Hit, HitKind
from workspaces.models import Workspace


def mail_fields(workspace: Workspace) -> Iterator[Field]:
    """Received, opened, clicked. Reactions of machines do not count."""
    group = _("Our mails")
    received = Delivery.objects.for_workspace(workspace).filter(state=DeliveryState.SENT)
    yield Field("mail.received", _("Received a mail"), group, Kind.PAST, past(received, "decided_at"))
    human = Hit.objects.for_workspace(workspace).human()
    opened = past(human.filter(kind=HitKind.OPEN), "at")
    yield Field("mail.opened", _("Opened a mail"), group, Kind.PAST, opened)
    clicked = past(human.filter(kind=HitKind.CLICK), "at")
    yield Field("mail.clicked", _("Clicked in a mail"), group, Kind.PAST, clicked)
