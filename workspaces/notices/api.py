"""REST: what the member behind a key was told of, and how he or she wants to be told."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from workspaces.api import ScopedViewSet
from workspaces.models import DigestPace, Notice
from workspaces.notices import wishes
from workspaces.notices.kinds import kinds_for
from workspaces.notices.reading import Line, lines_of, mark_read
from workspaces.permissions import Can

SEE = Can.SEE_WORKSPACE


class AboutSerializer(serializers.Serializer[Any]):
    """The object of a notice: a model's name, as in `story`, and an id."""

    about_type = serializers.CharField(max_length=60)
    about_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class NoticeSerializer(AboutSerializer):
    """One notice in words. `words` follow the name in `by` (null: the system)."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    about_name = serializers.CharField(help_text="The name of the object.")
    by = serializers.EmailField(allow_null=True)
    words = serializers.CharField()
    quote = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class ReadSerializer(serializers.Serializer[Any]):
    """Which object is read; without one, everything is."""

    about_type = serializers.CharField(max_length=60, required=False)
    about_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class NoticeCountSerializer(serializers.Serializer[Any]):
    """How many notices it was about."""

    count = serializers.IntegerField()


class MuteSerializer(AboutSerializer):
    """Whether an object is muted."""

    is_muted = serializers.BooleanField()


class WishesSerializer(serializers.Serializer[Any]):
    """When mails come (`hour` on the member's own clock), which kinds come at once, and which are not told at all."""

    digest = serializers.ChoiceField(choices=DigestPace.choices)
    hour = serializers.IntegerField(min_value=0, max_value=23)
    at_once = serializers.ListField(child=serializers.CharField(max_length=40))
    muted = serializers.ListField(child=serializers.CharField(max_length=40))


class NoticeViewSet(ScopedViewSet[Notice], mixins.ListModelMixin):
    """What the member behind the key was told, newest first."""

    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    can: ClassVar = {"list": SEE, "read": SEE, "mute": SEE, "choose": SEE}

    def get_queryset(self) -> Any:
        mine = super().get_queryset().for_member(self.member).select_related("by__user")  # type: ignore[attr-defined]
        return mine.unread() if self.request.query_params.get("unread") in {"1", "true"} else mine

    @extend_schema(parameters=[OpenApiParameter("unread", OpenApiTypes.BOOL, description="`1`: only what is new.")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Notices of what is still there; what the member may no longer read is left out."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        shown = [_plain(line, place.label) for line, place in lines_of(self.member, rows)]
        return self.get_paginated_response(NoticeSerializer(shown, many=True).data)

    @extend_schema(request=ReadSerializer, responses={200: NoticeCountSerializer})
    @action(detail=False, methods=["post"])
    def read(self, request: Request) -> Response:
        """Mark what was told of an object, or everything, as read; that is not mailed any more."""
        data = self.checked(ReadSerializer)
        about = (data["about_type"], data["about_id"]) if {"about_type", "about_id"} <= set(data) else None
        return Response({"count": mark_read(member=self.member, now=self.now, about=about)})

    @extend_schema(request=MuteSerializer, responses={200: MuteSerializer})
    @action(detail=False, methods=["post"])
    def mute(self, request: Request) -> Response:
        """Hear nothing more of an object, or hear of it again."""
        data = self.checked(MuteSerializer)
        wishes.mute_object(member=self.member, now=self.now, **data)
        return Response(data)

    @extend_schema(methods=["GET"], responses={200: WishesSerializer})
    @extend_schema(methods=["PUT"], request=WishesSerializer, responses={200: WishesSerializer})
    @action(detail=False, methods=["get", "put"], url_path="settings")
    def choose(self, request: Request) -> Response:
        """How the member is told: kinds as in `story.commented`; `at_once` takes the urgent ones."""
        if request.method == "PUT":
            data = self.checked(WishesSerializer)
            wishes.choose(member=self.member, now=self.now, **{**data, "digest": DigestPace(data["digest"])})
        chosen = wishes.settings_of(self.member)
        known = [kind.key for kind in kinds_for(self.member)]
        muted = wishes.muted_kinds(self.member)
        shown = {
            "digest": chosen.digest,
            "hour": chosen.hour,
            "at_once": chosen.at_once,
            "muted": [key for key in known if key in muted],
        }
        return Response(shown)


def _plain(line: Line, label: str) -> dict[str, Any]:
    notice = line.notice
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "about_type": notice.about_type,
        "about_id": notice.about_id,
        "about_name": label,
        "by": notice.by.user.email if notice.by else None,
        "words": line.told.words,
        "quote": line.told.quote,
        "at": notice.at,
        "read_at": notice.read_at,
    }


router = SimpleRouter()
router.register("notices", NoticeViewSet, basename="notice")
