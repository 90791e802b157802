"""REST: holding a retrospective. What is hidden from a member in the browser is hidden here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from sprints.api.retros import BEGUN, ActionSerializer, NoteSerializer, RetroStorySerializer
from sprints.models import MOST_PROMPTS, MOST_VOTES, STARS, ActionCheck, RetroPerson, RetroPhase, Sprint
from sprints.retro_facts import RetroFacts
from sprints.retro_owners import mails_of
from sprints.retro_pdf import report_pdf
from sprints.retro_report import report_of
from sprints.retro_room import Room, SeenNote, room_of
from sprints.retrospect import RetroFigures, retro_figures
from sprints.services import retro_groups, retro_rooms
from sprints.services.retro_reports import mail_report, reopen_retro
from workspaces.api import MemberByEmail, ScopedViewSet
from workspaces.permissions import Can

SEE, PART = Can.SEE_SPRINTS, Can.EDIT_STORIES
IN_SPRINT = OpenApiParameter("sprint_pk", int, OpenApiParameter.PATH)


@dataclass(frozen=True)
class SeenRetro:
    """The figures and the room, as one member sees them."""

    figures: RetroFigures
    facts: RetroFacts
    room: Room

    @property
    def notes(self) -> Sequence[SeenNote]:
        return [note for column in self.room.columns for note in column.notes]


class RetroPersonSerializer(serializers.ModelSerializer[RetroPerson]):
    """Somebody who takes part; `ready_in` is the step that the person has finished."""

    member = serializers.EmailField(source="member.user.email")

    class Meta:
        model = RetroPerson
        fields = ("member", "ready_in", "has_rated", "joined_at")


class RetroColumnSerializer(serializers.Serializer[Any]):
    """A prompt, and how many notes under it are still hidden from this member."""

    kind = serializers.CharField()
    prompt = serializers.CharField(source="label")
    hidden = serializers.IntegerField()


class TopicSerializer(serializers.Serializer[Any]):
    """Notes that say the same. `votes` is null while votes are hidden."""

    id = serializers.IntegerField(source="group.pk")
    name = serializers.CharField(source="group.name")
    decision = serializers.CharField(source="group.decision")
    discussed_at = serializers.DateTimeField(source="group.discussed_at", allow_null=True)
    votes = serializers.IntegerField(allow_null=True)
    mine = serializers.IntegerField(help_text="One's own votes.")


class CheckSerializer(serializers.ModelSerializer[ActionCheck]):
    """What this retrospective said of an earlier action."""

    class Meta:
        model = ActionCheck
        fields = ("answer", "reason", "at")


class EarlierSerializer(serializers.Serializer[Any]):
    """Something agreed before."""

    action = ActionSerializer()
    said = CheckSerializer(source="check", allow_null=True)


class LossSerializer(serializers.Serializer[Any]):
    """So many who were not written to, and why."""

    kind = serializers.CharField()
    reason = serializers.CharField()
    count = serializers.IntegerField()


class SendSerializer(serializers.Serializer[Any]):
    """A send made for a story of the sprint."""

    story = serializers.IntegerField(source="story_id")
    name = serializers.CharField()
    started_at = serializers.DateTimeField()
    matched = serializers.IntegerField()
    sent = serializers.IntegerField()
    losses = LossSerializer(many=True)


class BentSerializer(serializers.Serializer[Any]):
    """Something that went otherwise than was agreed."""

    story = serializers.IntegerField(source="story.pk", default=None)
    what = serializers.CharField()
    how = serializers.CharField()


class GoalMoveSerializer(serializers.Serializer[Any]):
    """A goal before and after the sprint: values in its KPI's unit, rates as shares of the way."""

    goal = serializers.IntegerField(source="goal.pk")
    is_above = serializers.BooleanField()
    before = serializers.DecimalField(source="before.value", max_digits=18, decimal_places=6, allow_null=True)
    after = serializers.DecimalField(source="after.value", max_digits=18, decimal_places=6, allow_null=True)
    rate = serializers.FloatField(source="after.rate")
    state = serializers.CharField(source="after.state")


class WorthSerializer(serializers.Serializer[Any]):
    """Answers to “worth our time?”; `counts` from one to five stars, null while they are not shown."""

    answers = serializers.IntegerField()
    people = serializers.IntegerField()
    counts = serializers.SerializerMethodField()

    def get_counts(self, worth: Any) -> list[int] | None:
        return worth.counts if worth.is_shown else None


class ReportMailSerializer(serializers.Serializer[Any]):
    """The report as it was mailed to an owner, and what that person answered."""

    member = serializers.EmailField(source="member.user.email")
    sent_at = serializers.DateTimeField()
    stars = serializers.IntegerField(allow_null=True, help_text="Was it worth it, from 1 to 5; null: no answer yet.")
    answered_at = serializers.DateTimeField(allow_null=True)


class RetroSerializer(serializers.Serializer[Any]):
    """A sprint's promise and outcome in numbers, story by story, and the retrospective as this member sees it."""

    committed = serializers.IntegerField(source="figures.committed")
    delivered = serializers.IntegerField(source="figures.delivered")
    forecasts_held = serializers.IntegerField(source="figures.held")
    forecasts_judged = serializers.IntegerField(source="figures.judged")
    revenue = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True, source="figures.revenue")
    revenue_promised = serializers.ListField(
        child=serializers.DecimalField(max_digits=12, decimal_places=2), allow_null=True, source="figures.promised"
    )
    waited_days = serializers.FloatField(allow_null=True, source="figures.waited_days")
    stories = RetroStorySerializer(many=True, source="figures.stories")
    goals = GoalMoveSerializer(many=True, source="facts.goals")
    bent = BentSerializer(many=True, source="facts.bent")
    sends = SendSerializer(many=True, source="facts.sends")
    phase = serializers.ChoiceField(choices=RetroPhase.choices, source="room.retro.phase")
    begun_at = serializers.DateTimeField(source="room.retro.begun_at", allow_null=True)
    closed_at = serializers.DateTimeField(source="room.retro.closed_at", allow_null=True)
    ends_at = serializers.DateTimeField(source="room.retro.ends_at", allow_null=True)
    facilitator = serializers.EmailField(source="room.retro.facilitator.user.email", default=None)
    votes_each = serializers.IntegerField(source="room.retro.votes_each")
    may_stack = serializers.BooleanField(source="room.retro.may_stack")
    is_anonymous = serializers.BooleanField(source="room.retro.is_anonymous")
    votes_left = serializers.IntegerField(source="room.votes_left")
    topic = serializers.IntegerField(source="room.retro.topic_id", allow_null=True, help_text="The one talked about.")
    people = RetroPersonSerializer(many=True, source="room.people")
    prompts = RetroColumnSerializer(many=True, source="room.columns")
    notes = NoteSerializer(many=True)
    topics = TopicSerializer(many=True, source="room.topics")
    actions = ActionSerializer(many=True, source="room.actions")
    earlier = EarlierSerializer(many=True, source="room.earlier")
    worth = WorthSerializer(source="room.worth")
    mails = serializers.SerializerMethodField()

    @extend_schema_field(ReportMailSerializer(many=True))
    def get_mails(self, seen: SeenRetro) -> Any:
        return ReportMailSerializer(mails_of(seen.room.retro), many=True).data


class PhaseSerializer(serializers.Serializer[Any]):
    """To which step."""

    phase = serializers.ChoiceField(choices=RetroPhase.choices)


class TimerSerializer(serializers.Serializer[Any]):
    """So many minutes from now (0: stop the clock), or with `more` so many more."""

    minutes = serializers.IntegerField(min_value=0, max_value=120)
    more = serializers.BooleanField(default=False)


class ReadySerializer(serializers.Serializer[Any]):
    """Whether one has finished this step."""

    is_ready = serializers.BooleanField()


class LeadSerializer(serializers.Serializer[Any]):
    """Who leads from now on."""

    member: Any = MemberByEmail(help_text="E-mail address of a member.")


class WaysSerializer(serializers.Serializer[Any]):
    """How the team does it."""

    prompts = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MOST_PROMPTS, default=list)
    votes_each = serializers.IntegerField(min_value=1, max_value=MOST_VOTES)
    may_stack = serializers.BooleanField()
    is_anonymous = serializers.BooleanField()
    for_next = serializers.BooleanField(default=False)


class RevealSerializer(serializers.Serializer[Any]):
    """Whether the votes are shown."""

    is_shown = serializers.BooleanField()


class RetroCloseSerializer(serializers.Serializer[Any]):
    """How it is closed."""

    mails_report = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Mail the report to the owners, now and when the next ones close; null: as was wished last.",
    )


class StarsSerializer(serializers.Serializer[Any]):
    """One to five."""

    stars = serializers.IntegerField(min_value=1, max_value=STARS)


SHOWN = {200: RetroSerializer}


class RetroViewSet(ScopedViewSet[Sprint]):
    """The retrospective of a sprint that runs or ran. Every verb answers with it."""

    queryset = BEGUN.select_related("workspace", "goal")
    serializer_class = RetroSerializer
    pagination_class = None
    can: ClassVar = {"list": SEE, "pdf": SEE} | dict.fromkeys(
        ("begin", "join", "phase", "timer", "ready", "lead", "ways", "reveal", "worth", "close", "reopen", "mail"), PART
    )

    def _sprint(self) -> Sprint:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["sprint_pk"])

    def _seen(self) -> Response:
        sprint = self._sprint()
        [figures] = retro_figures([sprint])
        seen = SeenRetro(figures, RetroFacts(figures, self.now), room_of(sprint, self.member, self.now))
        return Response(RetroSerializer(seen).data)

    @extend_schema(parameters=[IN_SPRINT], responses=SHOWN)
    def list(self, request: Request, sprint_pk: str) -> Response:
        """What was promised, what came, what was said and agreed."""
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=False, methods=["get"])
    def pdf(self, request: Request, sprint_pk: str) -> HttpResponseBase:
        """The report for the owner as a PDF."""
        return HttpResponse(report_pdf(report_of(self._sprint(), self.now)), content_type="application/pdf")

    @extend_schema(parameters=[IN_SPRINT], request=None, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def begin(self, request: Request, sprint_pk: str) -> Response:
        """Begin and lead it. Repeating changes nothing."""
        retro_rooms.begin_retro(sprint=self._sprint(), by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=None, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def join(self, request: Request, sprint_pk: str) -> Response:
        """Take part. Repeating changes nothing."""
        retro_rooms.join_retro(sprint=self._sprint(), by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=PhaseSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def phase(self, request: Request, sprint_pk: str) -> Response:
        """Go to a step, forward or back. The facilitator may."""
        sprint, phase = self._sprint(), RetroPhase(self.checked(PhaseSerializer)["phase"])
        retro_rooms.go_to_phase(sprint=sprint, phase=phase, by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=TimerSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def timer(self, request: Request, sprint_pk: str) -> Response:
        """Set, stop or lengthen the time of the step. The facilitator may."""
        sprint, asked = self._sprint(), self.checked(TimerSerializer)
        verb = retro_rooms.add_time if asked["more"] else retro_rooms.set_timer
        verb(sprint=sprint, minutes=asked["minutes"], by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=ReadySerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def ready(self, request: Request, sprint_pk: str) -> Response:
        """Say to have finished this step, or not."""
        retro_rooms.say_ready(sprint=self._sprint(), by=self.member, now=self.now, **self.checked(ReadySerializer))
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=LeadSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def lead(self, request: Request, sprint_pk: str) -> Response:
        """Hand it over, or take it over as somebody who plans sprints."""
        sprint, to = self._sprint(), self.checked(LeadSerializer)["member"]
        retro_rooms.hand_over(sprint=sprint, to=to, by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=WaysSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def ways(self, request: Request, sprint_pk: str) -> Response:
        """Say how it is done. The facilitator may; prompts and anonymity only before the first note."""
        sprint, asked = self._sprint(), self.checked(WaysSerializer)
        for_next = asked.pop("for_next")
        ways = retro_rooms.Ways(**asked)
        retro_rooms.set_ways(sprint=sprint, ways=ways, for_next=for_next, by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=RevealSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def reveal(self, request: Request, sprint_pk: str) -> Response:
        """Show the votes, or open the voting again. The facilitator may."""
        retro_groups.reveal_votes(sprint=self._sprint(), by=self.member, now=self.now, **self.checked(RevealSerializer))
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=StarsSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def worth(self, request: Request, sprint_pk: str) -> Response:
        """Answer “worth our time?”, once and without a name."""
        retro_rooms.rate_worth(sprint=self._sprint(), by=self.member, now=self.now, **self.checked(StarsSerializer))
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=RetroCloseSerializer, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def close(self, request: Request, sprint_pk: str) -> Response:
        """End it; everything stays as it is from then on. The facilitator may."""
        asked = self.checked(RetroCloseSerializer)
        retro_rooms.close_retro(sprint=self._sprint(), by=self.member, now=self.now, **asked)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=None, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def reopen(self, request: Request, sprint_pk: str) -> Response:
        """Open it again, within two weeks and before the next one begins. The facilitator or a planner may."""
        reopen_retro(sprint=self._sprint(), by=self.member, now=self.now)
        return self._seen()

    @extend_schema(parameters=[IN_SPRINT], request=None, responses=SHOWN)
    @action(detail=False, methods=["post"])
    def mail(self, request: Request, sprint_pk: str) -> Response:
        """Mail the report to the business owners, or mail it again."""
        mail_report(sprint=self._sprint(), by=self.member, now=self.now)
        return self._seen()


def register(router: SimpleRouter) -> None:
    router.register(r"sprints/(?P<sprint_pk>\d+)/retro", RetroViewSet, basename="retro")
