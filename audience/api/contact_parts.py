"""REST: what hangs on one contact: lists and notes."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience import services
from audience.models import Contact, ContactList, ContactNote, ListMembership
from workspaces.api import InWorkspace, ScopedViewSet


class ContactNoteSerializer(serializers.ModelSerializer[ContactNote]):
    """A note for colleagues."""

    by = serializers.EmailField(source="by.user.email", read_only=True)
    text = serializers.CharField(max_length=4000)

    class Meta:
        model = ContactNote
        fields = ("id", "text", "by", "at")
        read_only_fields = ("at",)


class MembershipSerializer(serializers.ModelSerializer[ListMembership]):
    """A list that a contact is on, since when, and how it came there."""

    id = serializers.IntegerField(source="contact_list_id")
    name = serializers.CharField(source="contact_list.name")

    class Meta:
        model = ListMembership
        fields = ("id", "name", "added_at", "source")


class ListChoiceSerializer(serializers.Serializer[Any]):
    """One of the lists in use."""

    list = InWorkspace(queryset=ContactList.objects.filter(archived_at=None))


class ContactParts(ScopedViewSet[Contact]):
    """The lists and notes of a contact."""

    @extend_schema(responses={200: ContactNoteSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def notes(self, request: Request, pk: str) -> Response:
        """What colleagues wrote down, the newest first."""
        found = self.get_object().notes.select_related("by__user").order_by("-at", "-pk")
        return Response(ContactNoteSerializer(found, many=True).data)

    @extend_schema(request=ContactNoteSerializer, responses={201: ContactNoteSerializer})
    @notes.mapping.post
    def write_note(self, request: Request, pk: str) -> Response:
        """Keep a note."""
        text = self.checked(ContactNoteSerializer)["text"]
        note = services.write_note(contact=self.get_object(), text=text, by=self.member, now=self.now)
        return Response(ContactNoteSerializer(note).data, status=201)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path=r"notes/(?P<note_pk>[0-9]{1,18})", url_name="note")
    def remove_note(self, request: Request, pk: str, note_pk: str) -> Response:
        """Take a note of one's own away."""
        note = get_object_or_404(self.get_object().notes.select_related("contact__workspace"), pk=note_pk)
        services.remove_note(note=note, by=self.member, now=self.now)
        return Response(status=204)

    @extend_schema(responses={200: MembershipSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def lists(self, request: Request, pk: str) -> Response:
        """The lists in use that the contact is on."""
        return self._lists(self.get_object())

    @extend_schema(request=ListChoiceSerializer, responses={200: MembershipSerializer(many=True)})
    @lists.mapping.post
    def put_on_list(self, request: Request, pk: str) -> Response:
        """Put the contact on a list."""
        contact, chosen = self.get_object(), self.checked(ListChoiceSerializer)["list"]
        services.add_to_list(contact_list=chosen, contact=contact, source="api", by=self.member, now=self.now)
        return self._lists(contact)

    @extend_schema(responses={200: MembershipSerializer(many=True)})
    @action(detail=True, methods=["delete"], url_path=r"lists/(?P<list_pk>[0-9]{1,18})", url_name="list-membership")
    def take_off_list(self, request: Request, pk: str, list_pk: str) -> Response:
        """Take the contact off a list."""
        contact = self.get_object()
        chosen = get_object_or_404(ContactList.objects.for_workspace(self.workspace), pk=list_pk)
        services.remove_from_list(contact_list=chosen, contact=contact, by=self.member, now=self.now)
        return self._lists(contact)

    def _lists(self, contact: Contact) -> Response:
        found = contact.memberships.filter(contact_list__archived_at=None).select_related("contact_list")
        found = found.order_by("contact_list__name", "pk")
        return Response(MembershipSerializer(found, many=True).data)
