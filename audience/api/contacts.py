"""REST: contacts."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience import services
from audience.api.contact_parts import ContactParts
from audience.duplicates import duplicates_of
from audience.finding import ContactFilter, few_or_many, found_contacts
from audience.models import AddressChange, Contact, ContactList, Lifecycle, SuppressionReason
from audience.services import ConsentBasis
from audience.timeline import timeline, timeline_kinds
from emailops.lib.addresses import read_address
from emailops.lib.errors import DomainError
from workspaces.api import InWorkspace, JsonObject, MemberByEmail
from workspaces.models import Language, validate_time_zone
from workspaces.permissions import Can

MOST_CONTACTS = 1000
FILTERS = [
    OpenApiParameter(name, str, description=words)
    for name, words in {
        "q": "Beginnings of words in name, address, city, ids, phone and text attributes.",
        "email": "The address.",
        "external_id": "The id in your CRM.",
        "list": "Id of a list.",
        "tag": "A tag.",
        "consent": "unknown, given or withdrawn.",
        "suppressed": "yes, no, or a reason.",
        "seller": "Id of the member who looks after them, or none.",
        "lifecycle": "Number of the stage: 1 new, 2 active, 3 quiet, 4 lost, 5 customer, 6 loyal, 7 former.",
        "segment": "Id of a segment.",
        "attribute": "Key of an attribute, together with `value`.",
        "value": "What it is: a choice by its key or label, yes or no, a text whatever its capitals.",
    }.items()
]


class FormerAddressSerializer(serializers.ModelSerializer[AddressChange]):
    """An address that a contact had, and until when."""

    until = serializers.DateTimeField(source="at")

    class Meta:
        model = AddressChange
        fields = ("email", "until")


class ProfileSerializer(serializers.Serializer[Any]):
    """What follows from behaviour. Money is in the workspace's currency."""

    lifecycle = serializers.ChoiceField(choices=[(stage.name.lower(), stage.label) for stage in Lifecycle])
    sent_count = serializers.IntegerField()
    open_count = serializers.IntegerField()
    click_count = serializers.IntegerField()
    order_count = serializers.IntegerField()
    order_sum = serializers.DecimalField(max_digits=14, decimal_places=2)
    last_sent_at = serializers.DateTimeField(allow_null=True)
    last_open_at = serializers.DateTimeField(allow_null=True)
    last_click_at = serializers.DateTimeField(allow_null=True)
    last_order_at = serializers.DateTimeField(allow_null=True)
    rfm = serializers.IntegerField(help_text="Recency, frequency, money in fifths, 111 to 555; 0 without an order.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(_WithStage(instance))
        return dict(shown)


class _WithStage:
    """A profile whose stage has a name."""

    def __init__(self, profile: Any) -> None:
        self.lifecycle = Lifecycle(profile.lifecycle).name.lower()
        self._profile = profile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._profile, name)


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact as it is read. `profile` is null until something is known of the person's behaviour."""

    seller = serializers.EmailField(source="seller.user.email", read_only=True, allow_null=True, default=None)
    profile = ProfileSerializer(read_only=True, allow_null=True, default=None)
    former_addresses = FormerAddressSerializer(many=True, read_only=True)

    class Meta:
        model = Contact
        fields = (
            "id", "email", "external_id", "first_name", "last_name", "language", "time_zone", "phone", "country",
            "city", "tags", "seller", "attributes", "consent", "consent_at", "tracking", "tracking_at", "frequency",
            "paused_until", "suppression", "profile", "former_addresses", "created_at", "updated_at",
        )  # fmt: skip


class ConsentSerializer(serializers.Serializer[Any]):
    """Evidence that a person agreed: `wording` is what they agreed to, `evidence` whatever else you can show."""

    given_by = serializers.CharField(max_length=60, default="api", help_text="How: form, phone, checkout …")
    wording = serializers.CharField()
    evidence = JsonObject(required=False)


class ContactChangeSerializer(serializers.Serializer[Any]):
    """What changes about one contact; with `email` the person gets another address and keeps the past."""

    email = serializers.CharField(max_length=254)
    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=Language.choices, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=50, required=False, allow_blank=True, validators=[validate_time_zone])
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, help_text="E.164: +359888123456.")
    country = serializers.CharField(max_length=2, required=False, allow_blank=True, help_text="ISO 3166-1: BG.")
    city = serializers.CharField(max_length=100, required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False, help_text="All of them.")
    seller = MemberByEmail(required=False, allow_null=True, help_text="E-mail address of who looks after the person.")
    attributes = JsonObject(required=False, help_text="By key; null removes one.")


class ContactWriteSerializer(ContactChangeSerializer):
    """A contact as it is sent; the address finds the one there is. Fields left out stay as they are."""

    lists: Any = serializers.ListField(
        child=InWorkspace(queryset=ContactList.objects.filter(archived_at=None)),
        required=False,
        help_text="Ids of lists to put it on.",
    )
    consent = ConsentSerializer(required=False)


class ContactMergeSerializer(serializers.Serializer[Any]):
    """Which contact goes, and which of its fields stay (`attributes.<key>` for attributes); else what is missing."""

    merged = InWorkspace(queryset=Contact.objects.all())
    from_merged = serializers.ListField(child=serializers.CharField(max_length=60), required=False)


class MomentSerializer(serializers.Serializer[Any]):
    """Something that happened between the person and us."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()


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


class ContactViewSet(ContactParts, mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Contacts: write by address, read newest first, search with `?q=`, find by `?email=` or `?external_id=`."""

    queryset = Contact.objects.select_related("seller__user", "profile").prefetch_related("former_addresses")
    serializer_class = ContactSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "timeline": Can.SEE_AUDIENCE,
        "duplicates": Can.SEE_AUDIENCE,
        "create": Can.TEND_CONTACTS,
        "batch": Can.TEND_CONTACTS,
        "suppress": Can.TEND_CONTACTS,
        "partial_update": Can.TEND_CONTACTS,
        "notes": Can.SEE_AUDIENCE,
        "write_note": Can.TEND_CONTACTS,
        "remove_note": Can.TEND_CONTACTS,
        "lists": Can.SEE_AUDIENCE,
        "put_on_list": Can.TEND_CONTACTS,
        "take_off_list": Can.TEND_CONTACTS,
        "merge": Can.TEND_CONTACTS,
    }

    def get_queryset(self) -> Any:
        contacts = super().get_queryset()
        if email := self._asked("email"):
            contacts = contacts.filter(address=read_address(email).key)
        if external_id := self._asked("external_id"):
            contacts = contacts.filter(external_id=external_id)
        wanted = ContactFilter.read(self.request.query_params.dict())
        if self.action == "list" and wanted.asks:
            found = few_or_many(found_contacts(self.member, wanted, self.now))
            contacts = contacts.filter(pk__in=found.order_by().values("pk"))
        return contacts

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The contacts that the key's member sees, newest first, as they are narrowed."""
        return super().list(request, *args, **kwargs)

    def _asked(self, name: str) -> str:
        return str(self.request.query_params.get(name, "")).replace("\0", "")  # PostgreSQL knows no zero byte

    @extend_schema(request=ContactWriteSerializer, responses={200: ContactSerializer, 201: ContactSerializer})
    def create(self, request: Request) -> Response:
        """Add a contact, or update the one with this address."""
        contact, created = self._save(self.checked(ContactWriteSerializer))
        return self.shown(contact, status=201 if created else 200)

    @extend_schema(request=ContactChangeSerializer, responses={200: ContactSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change one contact, its address too. Fields left out stay as they are."""
        contact, data = self.get_object(), self.checked(ContactChangeSerializer, partial=True)
        services.save_contact(
            contact=contact,
            workspace=self.workspace,
            email=data.get("email", contact.email),
            fields={name: data[name] for name in services.CONTACT_FIELDS if name in data},
            attributes=data.get("attributes"),
            by=self.member,
            now=self.now,
        )
        return self.shown(self.get_object())

    @extend_schema(
        parameters=[OpenApiParameter("kind", str)], responses={200: MomentSerializer(many=True)}, filters=False
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def timeline(self, request: Request, pk: str) -> Response:
        """The newest thousand moments, of all kinds or of one."""
        kind = self._asked("kind") if self._asked("kind") in timeline_kinds() else ""
        contact = self.get_object()
        return Response(MomentSerializer(timeline(contact, limit=MOST_CONTACTS, kind=kind), many=True).data)

    @extend_schema(responses={200: ContactSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def duplicates(self, request: Request, pk: str) -> Response:
        """Who looks like the same person: the same phone, mailbox, or name and domain."""
        found = duplicates_of(self.get_object(), self.member)
        return Response(self.get_serializer(self.get_queryset().filter(pk__in=[c.pk for c in found]), many=True).data)

    @extend_schema(request=ContactMergeSerializer, responses={200: ContactSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make one contact of two. The other one is gone afterwards; all that belonged to it moves here."""
        kept, data = self.get_object(), self.checked(ContactMergeSerializer)
        services.merge_contacts(
            kept=kept,
            merged=data["merged"],
            from_merged=data.get("from_merged"),
            by=self.member,
            now=self.now,
        )
        return self.shown(self.get_object())

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
