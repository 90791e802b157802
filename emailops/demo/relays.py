"""The mail servers of the sample company. They do not exist: with the sandbox on, nothing leaves through them."""

from datetime import datetime
from typing import Any

from django.conf import settings

from delivery.models import Security, SignIn, Transport, TransportKind, TransportTrial
from delivery.transports.choice import note_success, way_over
from delivery.transports.explain import Stage
from delivery.transports.services import add_transport
from delivery.transports.trial import Step
from emailops.demo.stage import Stage as Scene

RELAY: dict[str, Any] = {
    "name": "Our relay",
    "host": "mail.marenmoss.example",
    "port": 587,
    "security": Security.STARTTLS,
    "sign_in": SignIn.PASSWORD,
    "username": "campaigns@marenmoss.example",
    "password": "lichen-and-fern",
    "weight": 100,
}
SPARE: dict[str, Any] = {
    "name": "Postmark, if ours is down",
    "provider": "postmark",
    "provider_settings": {"server_token": "not-a-token", "message_stream": "broadcast"},
    "weight": 0,
}


def set_up_relays(scene: Scene, now: datetime) -> None:
    """Two ways out, the first of them tried. Without the sandbox there would be nobody at their other end."""
    if not settings.MAIL_SANDBOX:
        return
    given: dict[str, Any] = {"workspace": scene.workspace, "by": scene.lead, "now": now}
    relay = add_transport(kind=TransportKind.SMTP, wanted=RELAY, **given)
    add_transport(kind=TransportKind.PROVIDER, wanted=SPARE, **given)
    note_success(way_over(relay), now)
    _try(scene, relay, now)


def _try(scene: Scene, relay: Transport, now: datetime) -> None:
    steps = [
        Step(Stage.RESOLVE, relay.host),
        Step(Stage.CONNECT, relay.where),
        Step(Stage.GREET),
        Step(Stage.ENCRYPT, relay.host),
        Step(Stage.SIGN_IN, relay.username),
        Step(Stage.SENDER, "maren@marenmoss.example"),
        Step(Stage.RECIPIENT, scene.lead.user.email),
    ]
    TransportTrial.objects.create(
        workspace=scene.workspace,
        transport=relay,
        asked_by=scene.lead,
        asked_at=now,
        finished_at=now,
        steps=[step.as_json() for step in steps],
    )
