"""Verbs on contacts, attributes, lists, consent, suppression, events and segments; one module a noun."""

from audience.services.attributes import archive_attribute, current_attributes, define_attribute
from audience.services.consent import (
    ConsentBasis,
    Word,
    give_consent,
    log_word,
    suppress,
    take_back_unsubscribe,
    withdraw_consent,
)
from audience.services.contacts import CONTACT_FIELDS, ContactRefused, add_contact, save_contact
from audience.services.events import EventRefused, NewEvent, contacts_by_email, record_events
from audience.services.lists import NameTaken, add_to_list, create_list, remove_from_list
from audience.services.segments import NOBODY, archive_segment, create_segment, update_segment
from audience.services.topics import TopicWords, archive_topic, change_topic, create_topic, current_topics, move_topic
from audience.services.wishes import (
    Said,
    Wishes,
    WishRefused,
    choose_topics,
    declined_topics,
    pause,
    save_wishes,
    say_to_topic,
    set_frequency,
    set_tracking,
    write_down,
)

__all__ = [
    "CONTACT_FIELDS",
    "NOBODY",
    "ConsentBasis",
    "ContactRefused",
    "EventRefused",
    "NameTaken",
    "NewEvent",
    "Said",
    "TopicWords",
    "WishRefused",
    "Wishes",
    "Word",
    "add_contact",
    "add_to_list",
    "archive_attribute",
    "archive_segment",
    "archive_topic",
    "change_topic",
    "choose_topics",
    "contacts_by_email",
    "create_list",
    "create_segment",
    "create_topic",
    "current_attributes",
    "current_topics",
    "declined_topics",
    "define_attribute",
    "give_consent",
    "log_word",
    "move_topic",
    "pause",
    "record_events",
    "remove_from_list",
    "save_contact",
    "save_wishes",
    "say_to_topic",
    "set_frequency",
    "set_tracking",
    "suppress",
    "take_back_unsubscribe",
    "update_segment",
    "withdraw_consent",
    "write_down",
]
