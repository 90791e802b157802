"""Mail servers of a workspace."""

import json
from typing import Any

import factory
from factory.django import DjangoModelFactory

from delivery.models import Security, SignIn, Transport, TransportKind, TransportTrial
from emailops.lib.vault import seal_for
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class TransportFactory(DjangoModelFactory[Transport]):
    """An SMTP server in a private network, to which nobody signs in. Secrets are given as text."""

    class Meta:
        model = Transport

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda number: f"Relay {number}")
    host = "127.0.0.1"
    port = 2525
    security = Security.NONE
    sign_in = SignIn.NONE

    @classmethod
    def _create(cls, model_class: type[Transport], *args: Any, **kwargs: Any) -> Transport:
        secrets = {name: kwargs.pop(name) for name in SEALED & kwargs.keys()}
        transport = model_class(**kwargs)
        for name, value in secrets.items():
            seal_for(transport, name, json.dumps(value) if isinstance(value, dict) else value)
        transport.save()
        return transport


SEALED = {"password", "access_token", "refresh_token", "client_secret", "provider_settings"}


class ProviderTransportFactory(TransportFactory):
    """Postmark."""

    kind = TransportKind.PROVIDER
    host = ""
    provider = "postmark"
    provider_settings = factory.LazyFunction(lambda: {"server_token": "hidden-token"})


class TrialFactory(DjangoModelFactory[TransportTrial]):
    """A trial that was asked for."""

    class Meta:
        model = TransportTrial

    transport = factory.SubFactory(TransportFactory)
    workspace = factory.SelfAttribute("transport.workspace")
    asked_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
