"""Forms about forms: what members decide, and what people fill in."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audience.asking import EMPTY, OWN_FIELDS, attribute_field, attribute_label, own_field
from audience.calling_codes import calling_code
from audience.forms import current_lists
from audience.models import AttributeDefinition, ContactList, SignupForm, SignupKind, Topic
from audience.services import ConsentBasis
from audience.services.opt_ins import Ask
from audience.services.signup import ATTRIBUTE, CONTENT
from workspaces.forms import StyledForm, offer, style
from workspaces.models import Language, Workspace

LONGEST_MARK = 70  # a site's key, a dot and a UUID
LEFT_OUT, OFFERED, REQUIRED = "", "optional", "required"


class PublicSignupForm(StyledForm):
    """What people fill in. `website` is a trap: people do not see it, programs fill it in.

    `visitor` says which browser of a site with our script fills it in, if its reader agreed to that there.
    """

    email = forms.CharField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    website = forms.CharField(label=_("Leave this empty"), required=False)
    visitor = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(
        self,
        *args: Any,
        signup: SignupForm,
        attributes: Mapping[str, AttributeDefinition],
        topics: list[Topic],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.signup, self.topics = signup, topics
        self.asked = [asked for asked in signup.fields if _exists(asked["key"], attributes)]
        for asked in self.asked:
            self.fields[_name(asked["key"])] = _field(asked, attributes, signup)
        for topic in topics:
            label, help_text = topic.name_in(signup.language), topic.description_in(signup.language)
            self.fields[f"topic_{topic.pk}"] = forms.BooleanField(label=label, help_text=help_text, required=False)
        self.fields["consent"] = forms.BooleanField(label=signup.consent_wording)
        if signup.tracking_wording:
            self.fields["tracking"] = forms.BooleanField(label=signup.tracking_wording, required=False)
        style(self)

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self["email"], *(self[_name(asked["key"])] for asked in self.asked)]

    @property
    def topic_fields(self) -> list[forms.BoundField]:
        return [self[f"topic_{topic.pk}"] for topic in self.topics]

    @property
    def is_trapped(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    def ask(self, evidence: Mapping[str, Any]) -> Ask:
        """What the services take."""
        given = self.cleaned_data
        values: dict[str, dict[str, Any]] = {"fields": {}, "attributes": {}}
        for asked in self.asked:
            key, value = asked["key"], given[_name(asked["key"])]
            if value not in EMPTY:
                part = "attributes" if key.startswith(ATTRIBUTE) else "fields"
                values[part][key.removeprefix(ATTRIBUTE)] = value
        if given.get("visitor"):
            values["site"] = {"visitor": given["visitor"][:LONGEST_MARK]}
        return Ask(
            given["email"],
            ConsentBasis("form", self.signup.consent_wording, evidence, self.signup.version_name),
            language=self.signup.language,
            form=self.signup,
            tracking_wording=self.signup.tracking_wording if given.get("tracking") else "",
            values=values,
            topics=[topic.pk for topic in self.topics if given[f"topic_{topic.pk}"]],
        )


def _name(key: str) -> str:
    return f"attribute_{key.removeprefix(ATTRIBUTE)}" if key.startswith(ATTRIBUTE) else key


def _exists(key: str, attributes: Mapping[str, AttributeDefinition]) -> bool:
    return not key.startswith(ATTRIBUTE) or key.removeprefix(ATTRIBUTE) in attributes


def _field(asked: Mapping[str, Any], attributes: Mapping[str, AttributeDefinition], signup: SignupForm) -> forms.Field:
    key, required = asked["key"], asked["required"]
    if key.startswith(ATTRIBUTE):
        return attribute_field(attributes[key.removeprefix(ATTRIBUTE)], signup.language, required=required)
    return own_field(key, required=required, code=calling_code(signup.workspace.country))


class SignupEditForm(StyledForm):
    """What a member decides about a form."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Readers never see it."))
    kind = forms.ChoiceField(label=_("Where it stands"), choices=SignupKind.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    contact_list = forms.ModelChoiceField(
        label=_("Put people on the list"), queryset=ContactList.objects.none(), required=False, empty_label=_("No list")
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics to choose from"), required=False, widget=forms.CheckboxSelectMultiple
    )
    title = forms.CharField(label=_("Title"), max_length=120)
    intro = forms.CharField(label=_("Words above"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    consent_wording = forms.CharField(
        label=_("What people agree to"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands beside a box to tick, and is kept as evidence word by word."),
    )
    tracking_wording = forms.CharField(
        label=_("Words of a second box, for being followed"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    button = forms.CharField(label=_("Words on the button"), max_length=40)
    thanks = forms.CharField(label=_("Words after sending"), widget=forms.Textarea(attrs={"rows": 2}))
    redirect_url = forms.URLField(label=_("Page to go on to"), required=False, max_length=500, assume_scheme="https")
    popup_delay = forms.IntegerField(label=_("Seconds before a pop-up shows"), min_value=0, max_value=600)
    is_double_opt_in = forms.BooleanField(
        label=_("Ask by mail first, and write only to who agrees there"), required=False
    )
    confirm_subject = forms.CharField(label=_("Subject of the mail that asks"), max_length=160)
    confirm_body = forms.CharField(label=_("Words of the mail that asks"), widget=forms.Textarea(attrs={"rows": 4}))
    welcome_subject = forms.CharField(label=_("Subject of the welcome mail"), max_length=160, required=False)
    welcome_body = forms.CharField(
        label=_("Words of the welcome mail"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Empty for no welcome mail."),
    )

    def __init__(
        self,
        *args: Any,
        workspace: Workspace,
        askable: list[str],
        attributes: Mapping[str, AttributeDefinition],
        topics: list[Topic],
        form: SignupForm,
        **kwargs: Any,
    ) -> None:
        shown = {name: getattr(form, name) for name in CONTENT if name != "fields"}
        shown["topics"] = [str(pk) for pk in form.topics]
        places = {asked["key"]: (place, asked) for place, asked in enumerate(form.fields, start=1)}
        self.askable = sorted(askable, key=lambda key: places.get(key, (len(askable) + 1,))[0])
        for key in self.askable:
            place, asked = places.get(key, (None, None))
            shown[f"ask_{key}"] = (REQUIRED if asked["required"] else OFFERED) if asked else LEFT_OUT
            shown[f"place_{key}"] = place
        super().__init__(*args, initial=shown, **kwargs)
        offer(self, "contact_list", current_lists(workspace))
        self.fields["topics"].choices = [(str(t.pk), t.name) for t in topics]  # type: ignore[attr-defined]  # a choice
        for key in self.askable:
            self._add_question(key, attributes)
        style(self)

    def _add_question(self, key: str, attributes: Mapping[str, AttributeDefinition]) -> None:
        label = (
            attribute_label(attributes[key.removeprefix(ATTRIBUTE)], "")
            if key.startswith(ATTRIBUTE)
            else _("Language")
            if key == "language"
            else OWN_FIELDS[key][0]
        )
        choices = [
            (LEFT_OUT, pgettext_lazy("a field of a form", "Do not ask")),
            (OFFERED, pgettext_lazy("a field of a form", "Optional")),
            (REQUIRED, pgettext_lazy("a field of a form", "Required")),
        ]
        self.fields[f"ask_{key}"] = forms.ChoiceField(label=label, choices=choices, required=False)
        place = forms.IntegerField(
            label=_("Place of %(field)s") % {"field": label}, min_value=1, max_value=99, required=False
        )
        self.fields[f"place_{key}"] = place

    @property
    def questions(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"ask_{key}"], self[f"place_{key}"]) for key in self.askable]

    @property
    def content(self) -> dict[str, Any]:
        """What the services take."""
        given = self.cleaned_data
        content = {name: given[name] for name in CONTENT if name not in {"fields", "topics"}}
        content["topics"] = [int(key) for key in given["topics"]]
        asked = [key for key in self.askable if given.get(f"ask_{key}")]
        asked.sort(key=lambda key: given.get(f"place_{key}") or 100)
        content["fields"] = [{"key": key, "required": given[f"ask_{key}"] == REQUIRED} for key in asked]
        return content


def new_form(workspace: Workspace) -> SignupForm:
    """A form with words to begin with, in the language of now; not stored."""
    name = {"name": workspace.name}
    return SignupForm(
        workspace=workspace,
        language=workspace.language,
        title=str(_("News from %(name)s") % name),
        intro=str(_("Now and then a mail, and only what is worth reading.")),
        button=str(_("Sign up")),
        thanks=str(_("Thank you. Look into your inbox: a mail with a button is on its way.")),
        consent_wording=str(_("%(name)s may send me mails with news and offers. I can leave at any time.") % name),
        confirm_subject=str(_("One more click: may %(name)s write to you?") % name),
        confirm_body=str(_("You asked for mails from %(name)s. Press the button, and it is done.") % name),
        fields=[{"key": "first_name", "required": False}],
    )
