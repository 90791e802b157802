"""To whom, and may we: contacts, lists, consent, suppression, events, segments, imports, surveys; one module a noun."""

from audience.models.attributes import AttributeDefinition, AttributeKind
from audience.models.bulk import BulkAction, BulkEdit, BulkEditPast, BulkEditQuerySet, BulkState
from audience.models.consent import ConsentEntry, ConsentTo
from audience.models.contacts import (
    AboutContactQuerySet,
    AddressChange,
    Consent,
    Contact,
    ContactNote,
    ContactQuerySet,
    Frequency,
)
from audience.models.events import ORDER_EVENT, Event, event_words
from audience.models.figures import KeptFigures
from audience.models.imports import (
    ContactImport,
    ContactImportQuerySet,
    ImportMode,
    ImportRefusal,
    ImportState,
    ImportWhat,
)
from audience.models.lists import ContactList, ListMembership
from audience.models.opt_ins import OPT_IN_DAYS, OptInRequest, OptInRequestQuerySet
from audience.models.orders import CENTS, EARNING, MONEY_DIGITS, Order, OrderLine, OrderStatus
from audience.models.preferences import Following, PreferencePage
from audience.models.privacy import (
    COPY_DAYS,
    AnonymousSale,
    ErasureQuerySet,
    ErasureRecord,
    ErasureState,
    PrivacyRequest,
    PrivacyRequestQuerySet,
    PrivacySettings,
    RequestKind,
    RequestState,
)
from audience.models.profiles import ContactDay, ContactProfile, Lifecycle
from audience.models.retention import Handling, RetentionRule, RetentionRun, RetentionRunQuerySet
from audience.models.segments import Segment, SegmentDay, SegmentMember, SegmentQuerySet
from audience.models.signup import FORM_FIELDS, SignupForm, SignupFormVersion, SignupKind
from audience.models.sites import LONGEST_VISITOR, Site, SiteDeed, SiteVisitor
from audience.models.sources import Source
from audience.models.suppression import (
    HMAC_BLOCK,
    Suppression,
    SuppressionQuerySet,
    SuppressionReason,
    address_hash,
    address_hash_keys,
    address_hash_sql,
)
from audience.models.surveys import (
    AnswerSource,
    AnswerValue,
    NpsGroup,
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyAnswerQuerySet,
    SurveyQuestion,
    SurveyStatus,
)
from audience.models.topics import Topic, TopicConsent

__all__ = [
    "CENTS",
    "COPY_DAYS",
    "EARNING",
    "FORM_FIELDS",
    "HMAC_BLOCK",
    "LONGEST_VISITOR",
    "MONEY_DIGITS",
    "OPT_IN_DAYS",
    "ORDER_EVENT",
    "AboutContactQuerySet",
    "AddressChange",
    "AnonymousSale",
    "AnswerSource",
    "AnswerValue",
    "AttributeDefinition",
    "AttributeKind",
    "BulkAction",
    "BulkEdit",
    "BulkEditPast",
    "BulkEditQuerySet",
    "BulkState",
    "Consent",
    "ConsentEntry",
    "ConsentTo",
    "Contact",
    "ContactDay",
    "ContactImport",
    "ContactImportQuerySet",
    "ContactList",
    "ContactNote",
    "ContactProfile",
    "ContactQuerySet",
    "ErasureQuerySet",
    "ErasureRecord",
    "ErasureState",
    "Event",
    "Following",
    "Frequency",
    "Handling",
    "ImportMode",
    "ImportRefusal",
    "ImportState",
    "ImportWhat",
    "KeptFigures",
    "Lifecycle",
    "ListMembership",
    "NpsGroup",
    "OptInRequest",
    "OptInRequestQuerySet",
    "Order",
    "OrderLine",
    "OrderStatus",
    "PreferencePage",
    "PrivacyRequest",
    "PrivacyRequestQuerySet",
    "PrivacySettings",
    "QuestionKind",
    "RequestKind",
    "RequestState",
    "RetentionRule",
    "RetentionRun",
    "RetentionRunQuerySet",
    "Segment",
    "SegmentDay",
    "SegmentMember",
    "SegmentQuerySet",
    "SignupForm",
    "SignupFormVersion",
    "SignupKind",
    "Site",
    "SiteDeed",
    "SiteVisitor",
    "Source",
    "Suppression",
    "SuppressionQuerySet",
    "SuppressionReason",
    "Survey",
    "SurveyAnswer",
    "SurveyAnswerQuerySet",
    "SurveyQuestion",
    "SurveyStatus",
    "Topic",
    "TopicConsent",
    "address_hash",
    "address_hash_keys",
    "address_hash_sql",
    "event_words",
]
