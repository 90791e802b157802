"""To whom, and may we: contacts, lists, consent, suppression, events, segments, imports; one module a noun."""

from audience.models.attributes import AttributeDefinition, AttributeKind
from audience.models.consent import ConsentEntry
from audience.models.contacts import Consent, Contact, ContactQuerySet
from audience.models.events import Event
from audience.models.imports import ContactImport, ContactImportQuerySet, ImportRefusal, ImportState
from audience.models.lists import ContactList, ListMembership
from audience.models.segments import Segment, SegmentQuerySet
from audience.models.suppression import (
    HMAC_BLOCK,
    Suppression,
    SuppressionQuerySet,
    SuppressionReason,
    address_hash,
    address_hash_keys,
    address_hash_sql,
)

__all__ = [
    "HMAC_BLOCK",
    "AttributeDefinition",
    "AttributeKind",
    "Consent",
    "ConsentEntry",
    "Contact",
    "ContactImport",
    "ContactImportQuerySet",
    "ContactList",
    "ContactQuerySet",
    "Event",
    "ImportRefusal",
    "ImportState",
    "ListMembership",
    "Segment",
    "SegmentQuerySet",
    "Suppression",
    "SuppressionQuerySet",
    "SuppressionReason",
    "address_hash",
    "address_hash_keys",
    "address_hash_sql",
]
