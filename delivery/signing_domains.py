"""Which domains a workspace sends from, and whether their mail is signed."""

from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.models import Sender
from delivery.dkim.keypairs import Algorithm
from delivery.models import KeyState, SigningKey
from delivery.signing import sender_domains
from workspaces.models import Workspace


class Standing(StrEnum):
    """How far a domain is."""

    SIGNED = "signed"
    ED25519_ALONE = "ed25519_alone"
    WAITING = "waiting"
    UNSIGNED = "unsigned"


@dataclass
class SigningDomain:
    """A domain with its senders in use, its keys, the oldest first, and its retired keys, the latest first."""

    name: str
    senders: list[Sender] = field(default_factory=list)
    living: list[SigningKey] = field(default_factory=list)
    retired: list[SigningKey] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        return [sender.email for sender in self.senders]

    @property
    def key_ids(self) -> list[int]:
        return [key.pk for key in self.living]

    @property
    def standing(self) -> Standing:
        signing = {key.algorithm for key in self.living if key.state == KeyState.ACTIVE}
        if Algorithm.RSA in signing:
            return Standing.SIGNED
        if signing:
            return Standing.ED25519_ALONE
        return Standing.WAITING if self.living else Standing.UNSIGNED


def signing_domains(workspace: Workspace) -> list[SigningDomain]:
    """Every domain that a sender in use or a key has, in the order of the alphabet; two queries."""
    found = {name: SigningDomain(name, senders) for name, senders in sender_domains(workspace).items()}
    for key in SigningKey.objects.for_workspace(workspace).order_by("created_at", "pk"):
        at = found.setdefault(key.domain, SigningDomain(key.domain))
        if key.state == KeyState.RETIRED:
            at.retired.insert(0, key)
        else:
            at.living.append(key)
    return [found[name] for name in sorted(found)]
