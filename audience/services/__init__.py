"""Verbs on contacts, attributes, lists, consent, suppression, events and segments; one module a noun."""

from audience.services.attributes import archive_attribute, current_attributes, define_attribute
from audience.services.consent import ConsentBasis, give_consent, suppress, withdraw_consent
from audience.services.contacts import CONTACT_FIELDS, ContactRefused, add_contact, save_contact
from audience.services.events import EventRefused, NewEvent, contacts_by_email, record_events
from audience.services.lists import NameTaken, add_to_list, create_list, remove_from_list
from audience.services.segments import NOBODY, archive_segment, create_segment, update_segment

__all__ = [
    "CONTACT_FIELDS",
    "NOBODY",
    "ConsentBasis",
    "ContactRefused",
    "EventRefused",
    "NameTaken",
    "NewEvent",
    "add_contact",
    "add_to_list",
    "archive_attribute",
    "archive_segment",
    "contacts_by_email",
    "create_list",
    "create_segment",
    "current_attributes",
    "define_attribute",
    "give_consent",
    "record_events",
    "remove_from_list",
    "save_contact",
    "suppress",
    "update_segment",
    "withdraw_consent",
]
