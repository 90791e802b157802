"""Rows of the audience app."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from audience.models import (
    AnswerSource,
    AttributeDefinition,
    BulkAction,
    BulkEdit,
    Consent,
    Contact,
    ContactImport,
    ContactList,
    ListMembership,
    QuestionKind,
    Segment,
    SignupForm,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    SurveyStatus,
    Topic,
)
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class AttributeFactory(DjangoModelFactory[AttributeDefinition]):
    class Meta:
        model = AttributeDefinition

    workspace = factory.SubFactory(WorkspaceFactory)
    key = "city"
    label = "City"


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    workspace = factory.SubFactory(WorkspaceFactory)
    email = factory.Sequence(lambda n: f"Reader{n}@example.org")
    address = factory.LazyAttribute(lambda contact: contact.email.lower())
    first_name = factory.Sequence(lambda n: f"Reader{n}")
    consent = Consent.GIVEN
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class ListFactory(DjangoModelFactory[ContactList]):
    class Meta:
        model = ContactList

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"List {n}")


class MembershipFactory(DjangoModelFactory[ListMembership]):
    class Meta:
        model = ListMembership

    workspace = factory.SelfAttribute("contact.workspace")
    contact = factory.SubFactory(ContactFactory)
    contact_list = factory.SubFactory(ListFactory, workspace=factory.SelfAttribute("..contact.workspace"))
    added_at = factory.LazyFunction(timezone.now)
    source = "test"


class SegmentFactory(DjangoModelFactory[Segment]):
    class Meta:
        model = Segment

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Segment {n}")
    definition = factory.LazyFunction(lambda: {"match": "all", "rules": []})
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class ImportFactory(DjangoModelFactory[ContactImport]):
    class Meta:
        model = ContactImport

    workspace = factory.SubFactory(WorkspaceFactory)
    file = factory.django.FileField(filename="people.csv", data=b"email,first name\nann@example.org,Ann\n")
    filename = "people.csv"
    header = factory.LazyFunction(lambda: ["email", "first name"])
    mapping = factory.LazyFunction(lambda: {"0": "email", "1": "first_name"})
    size = 38
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)


class BulkEditFactory(DjangoModelFactory[BulkEdit]):
    class Meta:
        model = BulkEdit

    workspace = factory.SubFactory(WorkspaceFactory)
    action = BulkAction.ADD_TAG
    detail = factory.LazyFunction(lambda: {"tag": "vip"})
    chosen = factory.LazyFunction(list)
    by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    at = factory.LazyFunction(timezone.now)


class TopicFactory(DjangoModelFactory[Topic]):
    class Meta:
        model = Topic

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Topic {n}")
    position = factory.Sequence(lambda n: n)


class SignupFormFactory(DjangoModelFactory[SignupForm]):
    class Meta:
        model = SignupForm

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Form {n}")
    language = "en"
    title = "News from us"
    button = "Sign up"
    thanks = "Look into your inbox"
    consent_wording = "You may send me mails"
    confirm_subject = "May we write to you?"
    confirm_body = "You asked for mails."
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class SurveyFactory(DjangoModelFactory[Survey]):
    """An open survey without questions."""

    class Meta:
        model = Survey

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Survey {n}")
    slug = factory.Sequence(lambda n: f"survey-{n}")
    title = "How are we doing?"
    button = "Send"
    thanks = "Thank you for telling us"
    status = SurveyStatus.OPEN
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class QuestionFactory(DjangoModelFactory[SurveyQuestion]):
    """Would you recommend us, 0 to 10."""

    class Meta:
        model = SurveyQuestion

    workspace = factory.SelfAttribute("survey.workspace")
    survey = factory.SubFactory(SurveyFactory)
    kind = QuestionKind.NPS
    text = "Would you recommend us?"
    position = factory.Sequence(lambda n: n)


class AnswerFactory(DjangoModelFactory[SurveyAnswer]):
    """An answer without values, of a contact."""

    class Meta:
        model = SurveyAnswer

    workspace = factory.SelfAttribute("survey.workspace")
    survey = factory.SubFactory(SurveyFactory)
    contact = factory.SubFactory(ContactFactory, workspace=factory.SelfAttribute("..survey.workspace"))
    source = AnswerSource.LINK
    at = factory.LazyFunction(timezone.now)
    changed_at = factory.LazyFunction(timezone.now)
