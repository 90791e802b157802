"""REST of segments beyond their rows: what can be asked, what a rule means before it is kept, who is in one."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audience.models import Contact, ContactQuerySet, SegmentDay
from audience.segments.as_text import with_place
from audience.segments.compile import contacts_in, sentence
from audience.segments.counting import count_in
from audience.segments.definition import Group, SegmentBroken, read_definition
from audience.segments.fields import Field, fields_of
from audience.segments.membership import unwatch_segment, watch_segment
from audience.segments.newest import newest_in
from audience.segments.sizes import days_of
from audience.segments.speed import slow_reasons
from workspaces.api import JsonObject

SAMPLE = 5


class RuleRefused(SegmentBroken):
    """A rule sent by a program does not work; the message names the place in the JSON."""

    status = 400


class SegmentRuleSerializer(serializers.Serializer[Any]):
    """A rule that is asked about."""

    definition = JsonObject()


class SegmentOperatorSerializer(serializers.Serializer[Any]):
    """A comparison; `takes` says what its value is, `counts` whether `days` may limit it."""

    op = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a serializer's own label is not declared
    takes = serializers.CharField()
    counts = serializers.BooleanField()


class SegmentFieldSerializer(serializers.Serializer[Any]):
    """Something a condition can ask about. `properties` are what `where` can narrow it by."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a serializer's own label is not declared
    group = serializers.CharField()
    kind = serializers.CharField()
    operators = SegmentOperatorSerializer(many=True)
    choices = serializers.ListField(child=serializers.DictField())
    properties = serializers.ListField(child=serializers.DictField())
    any_property = serializers.BooleanField()


class SegmentAnswerSerializer(serializers.Serializer[Any]):
    """What a rule means now; `slow` holds the reasons for which it is slow to ask, `sample` ids of contacts."""

    people = serializers.IntegerField()
    reachable = serializers.IntegerField()
    words = serializers.CharField()
    slow = serializers.ListField(child=serializers.CharField())
    sample = serializers.ListField(child=serializers.IntegerField())


class SegmentPersonSerializer(serializers.ModelSerializer[Contact]):
    """Somebody who is in a segment."""

    class Meta:
        model = Contact
        fields = ("id", "email", "first_name", "last_name", "consent", "suppression")


class SegmentWatchSerializer(serializers.Serializer[Any]):
    """Whether it is kept who comes into a segment and who goes."""

    watched = serializers.BooleanField()


class SegmentDaySerializer(serializers.ModelSerializer[SegmentDay]):
    """A watched segment on one day: how many are in it at the last look, how many came and went."""

    class Meta:
        model = SegmentDay
        fields = ("day", "people", "entered", "left")


class SegmentQuestions:
    """Questions about segments, for the viewset that serves their rows."""

    workspace: Any
    member: Any
    now: Any

    @extend_schema(responses={200: SegmentFieldSerializer(many=True)}, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def fields(self, request: Request) -> Response:
        """Everything that conditions can ask about, with the comparisons of each."""
        return Response([_field(found) for found in fields_of(self.workspace).values()])

    @extend_schema(request=SegmentRuleSerializer, responses={200: SegmentAnswerSerializer})
    @action(detail=False, methods=["post"])
    def ask(self, request: Request) -> Response:
        """What a rule means, without keeping it: how many people, a few of them, and the rule as a sentence."""
        rule, fields = self.checked(SegmentRuleSerializer)["definition"], fields_of(self.workspace)  # type: ignore[attr-defined]  # the viewset's
        try:
            return Response(self._answer(read_definition(rule), fields))
        except SegmentBroken as broken:
            raise RuleRefused(with_place(broken), place=broken.place) from broken

    def _answer(self, definition: Group, fields: Mapping[str, Field]) -> dict[str, Any]:
        people = contacts_in(self.workspace, definition, self.now, fields)

        def seen(among: ContactQuerySet | None) -> ContactQuerySet:
            return contacts_in(self.workspace, definition, self.now, fields, among=among).seen_by(self.member)

        return {
            "people": count_in(self.workspace, definition, self.now, fields),
            "reachable": people.reachable().count(),
            "words": sentence(definition, fields),
            "slow": slow_reasons(self.workspace, definition, self.now, fields),
            "sample": [contact.pk for contact in newest_in(seen, self.workspace, SAMPLE)],
        }

    @extend_schema(responses={200: SegmentPersonSerializer(many=True)})
    @action(detail=True, methods=["get"])
    def people(self, request: Request, pk: str) -> Response:
        """Who of those that you see is in it now, by number, the latest first, page by page."""
        segment = self.get_object()  # type: ignore[attr-defined]  # the viewset's
        found = contacts_in(self.workspace, read_definition(segment.definition), self.now)
        page = self.paginate_queryset(found.seen_by(self.member))  # type: ignore[attr-defined]  # the viewset's
        answer: Response = self.get_paginated_response(  # type: ignore[attr-defined]  # the viewset's
            SegmentPersonSerializer(page, many=True).data
        )
        return answer

    @extend_schema(responses={200: SegmentDaySerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def days(self, request: Request, pk: str) -> Response:
        """How a watched segment grew in its latest days, oldest first."""
        return Response(SegmentDaySerializer(days_of(self.get_object()), many=True).data)  # type: ignore[attr-defined]  # the viewset's

    @extend_schema(request=SegmentWatchSerializer, responses={200: SegmentWatchSerializer})
    @action(detail=True, methods=["post"])
    def watch(self, request: Request, pk: str) -> Response:
        """Begin or end to keep who comes into it and who goes."""
        segment, data = self.get_object(), self.checked(SegmentWatchSerializer)  # type: ignore[attr-defined]  # the viewset's
        change = watch_segment if data["watched"] else unwatch_segment
        change(segment=segment, by=self.member, now=self.now)
        return Response(data)


def _field(found: Field) -> dict[str, Any]:
    return {
        "field": found.key,
        "label": found.label,
        "group": found.group,
        "kind": found.kind,
        "operators": [
            {"op": each.key, "label": str(each.label), "takes": each.takes, "counts": each.counts}
            for each in found.operators
        ],
        "choices": [{"value": choice.value, "label": choice.label} for choice in found.choices],
        "properties": [{"property": each.key, "label": each.label, "kind": each.kind} for each in found.properties],
        "any_property": found.is_free,
    }
