"""REST: contacts, attributes, lists, segments, events."""

from typing import Any, ClassVar

from django.db.models import Count
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience import api_consent, services
from audience.models import (
    AttributeDefinition,
    AttributeKind,
    Contact,
    ContactList,
    Segment,
    SuppressionReason,
)
from audience.segments.compile import contacts_in, in_words
from audience.segments.definition import read_definition
from audience.segments.fields import Field, fields_of
from audience.services import ConsentBasis, NewEvent
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from workspaces.api import InWorkspace, JsonObject, ScopedViewSet
from workspaces.models import Language, validate_time_zone
from workspaces.permissions import Can

MOST_CONTACTS = 1000
MOST_EVENTS = 1000


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact as it is read."""

    class Meta:
        model = Contact
        fields = (
            "id", "email", "external_id", "first_name", "last_name", "language", "time_zone", "attributes",
            "consent", "consent_at", "suppression", "created_at", "updated_at",
        )  # fmt: skip


class ConsentSerializer(serializers.Serializer[Any]):
    """Evidence that a person agreed: `wording` is what they agreed to, `evidence` whatever else you can show."""

    given_by = serializers.CharField(max_length=60, default="api", help_text="How: form, phone, checkout …")
    wording = serializers.CharField()
    evidence = JsonObject(required=False)


class ContactWriteSerializer(serializers.Serializer[Any]):
    """A contact as it is sent; the address finds the one there is. Fields left out stay as they are."""

    email = serializers.CharField(max_length=254)
    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=Language.choices, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=50, required=False, allow_blank=True, validators=[validate_time_zone])
    attributes = JsonObject(required=False, help_text="By key; null removes one.")
    lists: Any = serializers.ListField(
        child=InWorkspace(queryset=ContactList.objects.all()), required=False, help_text="Ids of lists to put it on."
    )
    consent = ConsentSerializer(required=False)


class ContactBatchSerializer(serializers.Serializer[Any]):
    """Up to a thousand contacts at once."""

    contacts = ContactWriteSerializer(many=True)

    def validate_contacts(self, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(contacts) > MOST_CONTACTS:
            raise serializers.ValidationError(f"At most {MOST_CONTACTS} at once.")
        return contacts


class BatchResultSerializer(serializers.Serializer[Any]):
    """What became of a batch; `refused` names the position in the batch and why."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    refused = serializers.ListField(child=serializers.DictField())


class AttributeSerializer(serializers.ModelSerializer[AttributeDefinition]):
    """An attribute of contacts."""

    class Meta:
        model = AttributeDefinition
        fields = ("id", "key", "label", "kind")
        read_only_fields = ("key",)


class ListSerializer(serializers.ModelSerializer[ContactList]):
    """A list, with the number of people on it."""

    people = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = ContactList
        fields = ("id", "name", "description", "people")


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A segment; `definition` is its rule, `words` the same rule for people."""

    words = serializers.SerializerMethodField()

    class Meta:
        model = Segment
        fields = ("id", "name", "description", "definition", "words", "created_at", "updated_at")

    def get_words(self, segment: Segment) -> str:
        try:
            return in_words(read_definition(segment.definition), self._known)
        except DomainError as broken:
            return str(broken)

    @cached_property
    def _known(self) -> dict[str, Field]:
        """Read once for all segments of an answer."""
        return fields_of(self.context["view"].workspace)


class SegmentWriteSerializer(serializers.Serializer[Any]):
    """A segment as it is sent."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    definition = JsonObject()


class CountSerializer(serializers.Serializer[Any]):
    """How many people belong now, and how many of them may be written to."""

    people = serializers.IntegerField()
    reachable = serializers.IntegerField()


class EventSerializer(serializers.Serializer[Any]):
    """Something a contact did. The same `external_id` counts once; an order is `order_placed` with its value."""

    email = serializers.CharField(max_length=254)
    name = serializers.SlugField(max_length=60)
    occurred_at = serializers.DateTimeField()
    value = serializers.DecimalField(max_digits=12, decimal_places=2, required=False, allow_null=True, default=None)
    properties = JsonObject(required=False, default=dict)
    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


class EventBatchSerializer(serializers.Serializer[Any]):
    """Up to a thousand events at once."""

    events = EventSerializer(many=True)

    def validate_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(events) > MOST_EVENTS:
            raise serializers.ValidationError(f"At most {MOST_EVENTS} at once.")
        return events


class EventResultSerializer(serializers.Serializer[Any]):
    """What became of a batch of events."""

    received = serializers.IntegerField()
    added = serializers.IntegerField()


class ContactViewSet(ScopedViewSet[Contact], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Contacts: write by address, read newest first, search with `?q=`, find by `?email=` or `?external_id=`."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "batch": Can.EDIT_AUDIENCE,
        "suppress": Can.EDIT_AUDIENCE,
    }

    def get_queryset(self) -> Any:
        contacts = super().get_queryset()
        if email := self._asked("email"):
            contacts = contacts.filter(address=read_address(email).key)
        if external_id := self._asked("external_id"):
            contacts = contacts.filter(external_id=external_id)
        return contacts.matching(self._asked("q"))  # type: ignore[attr-defined]  # scoped

    def _asked(self, name: str) -> str:
        return str(self.request.query_params.get(name, "")).replace("\0", "")  # PostgreSQL knows no zero byte

    @extend_schema(request=ContactWriteSerializer, responses={200: ContactSerializer, 201: ContactSerializer})
    def create(self, request: Request) -> Response:
        """Add a contact, or update the one with this address."""
        contact, created = self._save(self.checked(ContactWriteSerializer))
        return self.shown(contact, status=201 if created else 200)

    @extend_schema(request=ContactBatchSerializer, responses={200: BatchResultSerializer})
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Add or update many contacts. Those that are refused are listed; the others are taken."""
        result: dict[str, Any] = {"created": 0, "updated": 0, "refused": []}
        for position, data in enumerate(self.checked(ContactBatchSerializer)["contacts"]):
            try:
                _contact, created = self._save(data)
            except DomainError as refusal:
                result["refused"].append({"position": position, "code": refusal.code, "message": str(refusal)})
            else:
                result["created" if created else "updated"] += 1
        return Response(result)

    @extend_schema(request=None, responses={200: ContactSerializer})
    @action(detail=True, methods=["post"])
    def suppress(self, request: Request, pk: str) -> Response:
        """Never write to this address again."""
        contact = self.get_object()
        services.suppress(
            workspace=self.workspace,
            address=contact.address,
            reason=SuppressionReason.MANUAL,
            note="api",
            by=self.member,
            now=self.now,
        )
        contact.refresh_from_db()
        return self.shown(contact)

    def _save(self, data: dict[str, Any]) -> tuple[Contact, bool]:
        contact, created = services.save_contact(
            workspace=self.workspace,
            email=data["email"],
            fields={name: data[name] for name in services.CONTACT_FIELDS if name in data},
            attributes=data.get("attributes"),
            by=self.member,
            now=self.now,
        )
        for contact_list in data.get("lists", []):
            services.add_to_list(contact_list=contact_list, contact=contact, source="api", by=self.member, now=self.now)
        if "consent" in data:
            services.give_consent(contact=contact, basis=_basis(data["consent"]), by=self.member, now=self.now)
        return contact, created


def _basis(consent: dict[str, Any]) -> ConsentBasis:
    return ConsentBasis(consent["given_by"], consent["wording"], consent.get("evidence", {}))


class AttributeViewSet(ScopedViewSet[AttributeDefinition], mixins.ListModelMixin):
    """What the workspace keeps about its contacts."""

    queryset = AttributeDefinition.objects.filter(archived_at=None)
    serializer_class = AttributeSerializer
    can: ClassVar = {"list": Can.SEE_AUDIENCE, "create": Can.EDIT_AUDIENCE}

    @extend_schema(request=AttributeSerializer, responses={201: AttributeSerializer})
    def create(self, request: Request) -> Response:
        """Define an attribute."""
        data = self.checked(AttributeSerializer)
        definition = services.define_attribute(
            workspace=self.workspace,
            label=data["label"],
            kind=AttributeKind(data.get("kind", AttributeKind.TEXT)),
            by=self.member,
            now=self.now,
        )
        return self.shown(definition, status=201)


class ListViewSet(ScopedViewSet[ContactList], mixins.ListModelMixin):
    """Lists of contacts."""

    queryset = ContactList.objects.filter(archived_at=None).annotate(people=Count("memberships"))
    serializer_class = ListSerializer
    can: ClassVar = {"list": Can.SEE_AUDIENCE, "create": Can.EDIT_AUDIENCE}

    @extend_schema(request=ListSerializer, responses={201: ListSerializer})
    def create(self, request: Request) -> Response:
        """Open a list."""
        contact_list = services.create_list(
            workspace=self.workspace, by=self.member, now=self.now, **self.checked(ListSerializer)
        )
        return self.shown(contact_list, status=201)


class SegmentViewSet(ScopedViewSet[Segment], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Segments: rules that say who belongs."""

    queryset = Segment.objects.current().select_related("workspace")
    serializer_class = SegmentSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "count": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
    }

    @extend_schema(request=SegmentWriteSerializer, responses={201: SegmentSerializer})
    def create(self, request: Request) -> Response:
        """Keep a rule under a name."""
        data = self.checked(SegmentWriteSerializer)
        definition = read_definition(data.pop("definition"))
        segment = services.create_segment(
            workspace=self.workspace, definition=definition, by=self.member, now=self.now, **data
        )
        return self.shown(segment, status=201)

    @extend_schema(request=SegmentWriteSerializer, responses={200: SegmentSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        segment, data = self.get_object(), self.checked(SegmentWriteSerializer)
        definition = read_definition(data.pop("definition"))
        services.update_segment(segment=segment, definition=definition, by=self.member, now=self.now, **data)
        return self.shown(segment)

    @extend_schema(responses={200: CountSerializer})
    @action(detail=True, methods=["get"])
    def count(self, request: Request, pk: str) -> Response:
        """How many people belong now."""
        people = contacts_in(self.workspace, read_definition(self.get_object().definition), self.now)
        return Response({"people": people.count(), "reachable": people.reachable().count()})


class EventViewSet(ScopedViewSet[Contact]):
    """What contacts did elsewhere."""

    queryset = Contact.objects.all()
    serializer_class = EventBatchSerializer
    can: ClassVar = {"create": Can.EDIT_AUDIENCE}

    @extend_schema(request=EventBatchSerializer, responses={200: EventResultSerializer})
    def create(self, request: Request) -> Response:
        """Record events. Contacts must exist; the whole batch is refused otherwise."""
        events = self.checked(EventBatchSerializer)["events"]
        contacts = services.contacts_by_email(self.workspace, [event["email"] for event in events])
        new = [NewEvent(contact=contacts[event.pop("email")], **event) for event in events]
        added = services.record_events(workspace=self.workspace, events=new, by=self.member, now=self.now)
        return Response({"received": len(new), "added": added})


router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")
router.register("attributes", AttributeViewSet, basename="attribute")
router.register("lists", ListViewSet, basename="list")
router.register("segments", SegmentViewSet, basename="segment")
router.register("events", EventViewSet, basename="event")
api_consent.register(router)
