"""REST: topics, what people said and wish, questions by mail, forms."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from audience import services
from audience.form_mails import sample_mails
from audience.models import (
    ConsentEntry,
    Contact,
    ContactList,
    Frequency,
    OptInRequest,
    SignupForm,
    SignupKind,
    Topic,
)
from audience.services import ConsentBasis, TopicWords, Wishes, declined_topics
from audience.services.opt_ins import Ask, ask_to_opt_in
from audience.services.signup import archive_form, change_form, create_form, form_token
from workspaces.api import InWorkspace, JsonObject, ScopedViewSet
from workspaces.models import Language
from workspaces.permissions import Can


class ReaderTopicSerializer(serializers.ModelSerializer[Topic]):
    """A topic that readers choose or leave; `names` and `descriptions` are by language."""

    class Meta:
        model = Topic
        fields = ("id", "name", "description", "names", "descriptions", "is_public", "position")


class ReaderTopicWriteSerializer(serializers.Serializer[Any]):
    """A topic as it is sent."""

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    names = serializers.DictField(child=serializers.CharField(max_length=80, allow_blank=True), required=False)
    descriptions = serializers.DictField(child=serializers.CharField(max_length=200, allow_blank=True), required=False)
    is_public = serializers.BooleanField(required=False, default=True)


class ReaderTopicMoveSerializer(serializers.Serializer[Any]):
    """Which way a topic goes in the order."""

    up = serializers.BooleanField()


class TopicViewSet(ScopedViewSet[Topic], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Topics in use."""

    queryset = Topic.objects.filter(archived_at=None).select_related("workspace")
    serializer_class = ReaderTopicSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
        "destroy": Can.EDIT_AUDIENCE,
        "move": Can.EDIT_AUDIENCE,
    }

    @extend_schema(request=ReaderTopicWriteSerializer, responses={201: ReaderTopicSerializer})
    def create(self, request: Request) -> Response:
        """Open a topic."""
        words = TopicWords(**self.checked(ReaderTopicWriteSerializer))
        topic = services.create_topic(workspace=self.workspace, words=words, by=self.member, now=self.now)
        return self.shown(topic, status=201)

    @extend_schema(request=ReaderTopicWriteSerializer, responses={200: ReaderTopicSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change what readers see of a topic."""
        topic, words = self.get_object(), TopicWords(**self.checked(ReaderTopicWriteSerializer))
        services.change_topic(topic=topic, words=words, by=self.member, now=self.now)
        return self.shown(topic)

    @extend_schema(request=ReaderTopicMoveSerializer, responses={200: ReaderTopicSerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Change places with the topic before or after it."""
        topic, up = self.get_object(), self.checked(ReaderTopicMoveSerializer)["up"]
        services.move_topic(topic=topic, up=up, by=self.member, now=self.now)
        topic.refresh_from_db()
        return self.shown(topic)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Offer a topic no more; what was said about it stays."""
        services.archive_topic(topic=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


class WishSerializer(serializers.ModelSerializer[Contact]):
    """What a contact wishes to get; `declined_topics` are the ids of those left."""

    declined_topics = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = (
            "id", "email", "consent", "consent_at", "tracking", "tracking_at", "frequency", "paused_until",
            "suppression", "declined_topics",
        )  # fmt: skip

    def get_declined_topics(self, contact: Contact) -> list[int]:
        return sorted(declined_topics(contact))


class WishWriteSerializer(serializers.Serializer[Any]):
    """What to write down for a person; what is left out stays. `given_by` and `wording` are the evidence."""

    given_by = serializers.CharField(max_length=60, default="api", help_text="How: form, phone, checkout …")
    wording = serializers.CharField(help_text="What the person said or agreed to.")
    evidence = JsonObject(required=False)
    consent = serializers.BooleanField(required=False, help_text="To marketing mail.")
    tracking = serializers.BooleanField(required=False)
    frequency = serializers.ChoiceField(choices=Frequency.choices, required=False, allow_blank=True)
    paused_until = serializers.DateField(required=False, allow_null=True)
    topics_yes: Any = serializers.ListField(child=InWorkspace(queryset=Topic.objects.all()), required=False)
    topics_no: Any = serializers.ListField(child=InWorkspace(queryset=Topic.objects.all()), required=False)


def _word(consent: bool | None) -> str | None:
    return {True: "given", False: "withdrawn"}[consent] if consent is not None else None


class ConsentEntrySerializer(serializers.ModelSerializer[ConsentEntry]):
    """One thing that was said: to what, how, in which words."""

    class Meta:
        model = ConsentEntry
        fields = ("id", "to", "topic", "consent", "source", "wording", "form_version", "evidence", "at")


class ConsentAskSerializer(serializers.Serializer[Any]):
    """In which words to ask a person by mail whether we may write."""

    wording = serializers.CharField()


class ConsentAskedSerializer(serializers.ModelSerializer[OptInRequest]):
    """A question by mail; `mailed_at` is empty where none went out: one a day, and none to an address that is shut."""

    class Meta:
        model = OptInRequest
        fields = ("id", "email", "source", "asked_at", "mailed_at", "confirmed_at")


class WishViewSet(ScopedViewSet[Contact], mixins.RetrieveModelMixin):
    """What contacts said and wish, by the contact's id."""

    queryset = Contact.objects.select_related("workspace")
    serializer_class = WishSerializer
    can: ClassVar = {
        "retrieve": Can.SEE_AUDIENCE,
        "update": Can.TEND_CONTACTS,
        "log": Can.SEE_AUDIENCE,
        "ask": Can.TEND_CONTACTS,
    }

    @extend_schema(request=WishWriteSerializer, responses={200: WishSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Write down what a person said. Lifts no suppression."""
        contact, given = self.get_object(), self.checked(WishWriteSerializer)
        basis = ConsentBasis(given["given_by"], given["wording"], given.get("evidence", {}))
        said = services.Said(
            consent=_word(given.get("consent")), yes=given.get("topics_yes", []), no=given.get("topics_no", [])
        )
        wishes = Wishes(
            frequency=Frequency(given["frequency"]) if "frequency" in given else None,
            is_pausing="paused_until" in given,
            paused_until=given.get("paused_until"),
            tracking=given.get("tracking"),
            tracking_wording=given["wording"],
        )
        services.write_down(contact=contact, said=said, wishes=wishes, basis=basis, by=self.member, now=self.now)
        contact.refresh_from_db()
        return self.shown(contact)

    @extend_schema(responses={200: ConsentEntrySerializer(many=True)})
    @action(detail=True, methods=["get"])
    def log(self, request: Request, pk: str) -> Response:
        """Everything that was said, newest first."""
        entries = ConsentEntry.objects.for_workspace(self.workspace).filter(contact=self.get_object())
        return Response(ConsentEntrySerializer(entries.order_by("-at", "-pk"), many=True).data)

    @extend_schema(request=ConsentAskSerializer, responses={200: ConsentAskedSerializer})
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask a person by mail whether we may write."""
        contact, wording = self.get_object(), self.checked(ConsentAskSerializer)["wording"]
        ask = Ask(contact.email, ConsentBasis("asked by mail", wording), contact.language)
        asked = ask_to_opt_in(workspace=self.workspace, ask=ask, by=self.member, now=self.now)
        return Response(ConsentAskedSerializer(asked).data)


class SignupFormSerializer(serializers.ModelSerializer[SignupForm]):
    """A form by which people ask for mail; `token` stands in its address, `/f/<token>`."""

    token = serializers.SerializerMethodField()

    class Meta:
        model = SignupForm
        fields = (
            "id", "token", "name", "kind", "language", "fields", "contact_list", "topics", "title", "intro", "button",
            "thanks", "consent_wording", "tracking_wording", "is_double_opt_in", "confirm_subject", "confirm_body",
            "welcome_subject", "welcome_body", "redirect_url", "popup_delay", "version", "shown_count",
        )  # fmt: skip

    def get_token(self, form: SignupForm) -> str:
        return form_token(form)


class SignupFormWriteSerializer(serializers.Serializer[Any]):
    """A form as it is sent."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=SignupKind.choices, default=SignupKind.HOSTED)
    language = serializers.ChoiceField(choices=Language.choices, required=False)
    questions = serializers.ListField(
        child=JsonObject(),
        required=False,
        help_text="In their order, each with `key` (`first_name`, `attribute.city`) and `required`.",
    )
    contact_list: Any = InWorkspace(
        queryset=ContactList.objects.filter(archived_at=None), required=False, allow_null=True
    )
    topics = serializers.ListField(child=serializers.IntegerField(), required=False)
    title = serializers.CharField(max_length=120)
    intro = serializers.CharField(required=False, allow_blank=True)
    button = serializers.CharField(max_length=40)
    thanks = serializers.CharField()
    consent_wording = serializers.CharField()
    tracking_wording = serializers.CharField(required=False, allow_blank=True)
    is_double_opt_in = serializers.BooleanField(default=True)
    confirm_subject = serializers.CharField(max_length=160)
    confirm_body = serializers.CharField()
    welcome_subject = serializers.CharField(max_length=160, required=False, allow_blank=True)
    welcome_body = serializers.CharField(required=False, allow_blank=True)
    redirect_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    popup_delay = serializers.IntegerField(min_value=0, max_value=600, default=8)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "questions" in attrs:
            attrs["fields"] = [dict(asked) for asked in attrs.pop("questions")]
        return attrs


class FormMailSerializer(serializers.Serializer[Any]):
    """A mail of a form."""

    kind = serializers.CharField(help_text="`confirmation` or `welcome`.")
    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()


class SignupFormViewSet(ScopedViewSet[SignupForm], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Forms in use."""

    queryset = SignupForm.objects.filter(archived_at=None).select_related("workspace", "contact_list")
    serializer_class = SignupFormSerializer
    can: ClassVar = {
        "list": Can.SEE_AUDIENCE,
        "retrieve": Can.SEE_AUDIENCE,
        "create": Can.EDIT_AUDIENCE,
        "update": Can.EDIT_AUDIENCE,
        "destroy": Can.EDIT_AUDIENCE,
        "mails": Can.SEE_AUDIENCE,
    }

    @extend_schema(responses={200: FormMailSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def mails(self, request: Request, pk: str) -> Response:
        """The mails that the form sends, as their readers get them; links lead nowhere."""
        return Response(FormMailSerializer(sample_mails(self.get_object()), many=True).data)

    @extend_schema(request=SignupFormWriteSerializer, responses={201: SignupFormSerializer})
    def create(self, request: Request) -> Response:
        """Make a form."""
        content = self.checked(SignupFormWriteSerializer)
        form = create_form(workspace=self.workspace, content=content, by=self.member, now=self.now)
        return self.shown(form, status=201)

    @extend_schema(request=SignupFormWriteSerializer, responses={200: SignupFormSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change a form; other words make another version."""
        form, content = self.get_object(), self.checked(SignupFormWriteSerializer)
        return self.shown(change_form(form=form, content=content, by=self.member, now=self.now))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take nothing more by a form."""
        archive_form(form=self.get_object(), by=self.member, now=self.now)
        return Response(status=204)


def register(router: SimpleRouter) -> None:
    """Put these endpoints among the others of the app."""
    router.register("topics", TopicViewSet, basename="topic")
    router.register("wishes", WishViewSet, basename="wish")
    router.register("forms", SignupFormViewSet, basename="form")
