"""Verbs on contacts, attributes, lists, consent, suppression, events and segments; one module a noun."""

from audience.services.attributes import (
    AttributeDetails,
    archive_attribute,
    change_attribute,
    current_attributes,
    define_attribute,
    move_attribute,
    return_attribute,
)
from audience.services.bulk import BulkRefused, Crowd, can_undo, cancel_bulk, people_in, start_bulk, undo_bulk
from audience.services.consent import ConsentBasis, give_consent, suppress, withdraw_consent
from audience.services.contacts import (
    CONTACT_FIELDS,
    ContactRefused,
    add_contact,
    remove_note,
    save_contact,
    write_note,
)
from audience.services.events import EventRefused, NewEvent, contacts_by_email, record_events
from audience.services.lists import NameTaken, add_to_list, create_list, remove_from_list
from audience.services.merges import Pair, compare, merge_contacts
from audience.services.segments import NOBODY, archive_segment, create_segment, update_segment

__all__ = [
    "CONTACT_FIELDS",
    "NOBODY",
    "AttributeDetails",
    "BulkRefused",
    "ConsentBasis",
    "ContactRefused",
    "Crowd",
    "EventRefused",
    "NameTaken",
    "NewEvent",
    "Pair",
    "add_contact",
    "add_to_list",
    "archive_attribute",
    "archive_segment",
    "can_undo",
    "cancel_bulk",
    "change_attribute",
    "compare",
    "contacts_by_email",
    "create_list",
    "create_segment",
    "current_attributes",
    "define_attribute",
    "give_consent",
    "merge_contacts",
    "move_attribute",
    "people_in",
    "record_events",
    "remove_from_list",
    "remove_note",
    "return_attribute",
    "save_contact",
    "start_bulk",
    "suppress",
    "undo_bulk",
    "update_segment",
    "withdraw_consent",
    "write_note",
]
