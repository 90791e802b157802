"""Forms about what people wish to get: theirs, and the members'."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.asking import attribute_field, attribute_label, own_field, typed
from audience.models import AttributeDefinition, Contact, Following, Frequency, Topic
from audience.services import TopicWords, Wishes, declined_topics
from audience.services.preferences import preference_page
from workspaces.forms import DateInput, StyledForm, style
from workspaces.models import Language

TRACKING_WORDING = _("You may notice which of your mails I open and what I click, to send me what suits me.")
ABOUT_ME = ("first_name", "last_name", "language")


class WishForm(StyledForm):
    """What a contact wishes to get: topics, how often, a pause, being followed."""

    frequency = forms.ChoiceField(
        label=_("How often"), choices=Frequency.choices, widget=forms.RadioSelect, required=False
    )
    paused_until = forms.DateField(
        label=_("No mails before"), required=False, widget=DateInput, help_text=_("Leave it empty to pause nothing.")
    )

    def __init__(
        self,
        *args: Any,
        contact: Contact,
        topics: list[Topic],
        language: str,
        tracking_wording: str = "",
        **kwargs: Any,
    ) -> None:
        declined = declined_topics(contact)
        initial: dict[str, Any] = {f"topic_{topic.pk}": topic.pk not in declined for topic in topics}
        initial |= {"frequency": contact.frequency, "paused_until": contact.paused_until}
        self._is_followed = preference_page(contact.workspace).follows(contact.tracking)
        initial |= {"tracking": self._is_followed}
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.topics = topics
        self.tracking_wording = tracking_wording or str(TRACKING_WORDING)
        for topic in topics:
            self.fields[f"topic_{topic.pk}"] = forms.BooleanField(
                label=topic.name_in(language), help_text=topic.description_in(language), required=False
            )
        self.fields["tracking"] = forms.BooleanField(label=self.tracking_wording, required=False)
        style(self)

    @property
    def topic_fields(self) -> list[forms.BoundField]:
        return [self[f"topic_{topic.pk}"] for topic in self.topics]

    @property
    def wishes(self) -> Wishes:
        """What the services take."""
        given = self.cleaned_data
        until: date | None = given["paused_until"]
        return Wishes(
            chosen=[topic for topic in self.topics if given[f"topic_{topic.pk}"]],
            offered=self.topics,
            frequency=Frequency(given["frequency"]),
            is_pausing=True,
            paused_until=until,
            # A box that is left as it was found is no word (Court of Justice of the EU, C-673/17).
            tracking=given["tracking"] if given["tracking"] != self._is_followed else None,
            tracking_wording=self.tracking_wording,
        )


class ToldWishForm(WishForm):
    """The same as a member writes it down for a person who said so elsewhere."""

    said = forms.CharField(
        label=_("How do you know?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where, when, and in which words. This is kept as evidence."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tracking"].label = _("Agrees that opens and clicks are kept with the name")

    @property
    def wishes(self) -> Wishes:
        return replace(super().wishes, tracking_wording=self.cleaned_data["said"])


class ReaderForm(WishForm):
    """The same, with what readers may change about themselves."""

    def __init__(
        self, *args: Any, contact: Contact, attributes: Mapping[str, AttributeDefinition], language: str, **kwargs: Any
    ) -> None:
        initial = {name: getattr(contact, name) for name in ABOUT_ME}
        initial |= {f"attribute_{key}": typed(contact.attributes.get(key, "")) for key in attributes}
        super().__init__(*args, contact=contact, language=language, initial=initial, **kwargs)
        self.attributes = attributes
        for name in ABOUT_ME:
            self.fields[name] = own_field(name)
        for key, definition in attributes.items():
            self.fields[f"attribute_{key}"] = attribute_field(definition, language)
        style(self)

    @property
    def about_me(self) -> list[forms.BoundField]:
        return [self[name] for name in (*ABOUT_ME, *(f"attribute_{key}" for key in self.attributes))]

    @property
    def wishes(self) -> Wishes:
        said = super().wishes
        given = self.cleaned_data
        return replace(
            said,
            fields={name: given[name] for name in ABOUT_ME},
            attributes={key: given[f"attribute_{key}"] for key in self.attributes},
        )


class TopicForm(StyledForm):
    """What readers see of a topic, in each language."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("What readers get"), max_length=200, required=False)
    is_public = forms.BooleanField(label=_("Readers can choose it themselves"), required=False, initial=True)

    def __init__(self, *args: Any, language: str, topic: Topic | None = None, **kwargs: Any) -> None:
        if topic is not None:
            kwargs["initial"] = self._shown(topic)
        super().__init__(*args, **kwargs)
        self.others = [choice for choice in Language if choice != language]
        for choice in self.others:
            words = {"language": choice.label}
            self.fields[f"name_{choice}"] = forms.CharField(
                label=_("Name, %(language)s") % words, max_length=80, required=False
            )
            self.fields[f"description_{choice}"] = forms.CharField(
                label=_("What readers get, %(language)s") % words, max_length=200, required=False
            )
        style(self)

    @staticmethod
    def _shown(topic: Topic) -> dict[str, Any]:
        shown = {"name": topic.name, "description": topic.description, "is_public": topic.is_public}
        for choice in Language:
            shown |= {f"name_{choice}": topic.names.get(choice, "")}
            shown |= {f"description_{choice}": topic.descriptions.get(choice, "")}
        return shown

    @property
    def translations(self) -> list[forms.BoundField]:
        return [self[f"{part}_{choice}"] for choice in self.others for part in ("name", "description")]

    @property
    def words(self) -> TopicWords:
        """What the services take."""
        given = self.cleaned_data
        return TopicWords(
            name=given["name"],
            description=given["description"],
            names={choice.value: given[f"name_{choice}"] for choice in self.others},
            descriptions={choice.value: given[f"description_{choice}"] for choice in self.others},
            is_public=given["is_public"],
        )


class PreferencePageForm(StyledForm):
    """What the readers' page says and asks."""

    intro = forms.CharField(
        label=_("Words above"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    attributes = forms.MultipleChoiceField(
        label=_("What readers may change about themselves, besides name and language"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    following = forms.ChoiceField(
        label=_("Whose opens and clicks are kept with the name"),
        choices=Following.choices,
        widget=forms.RadioSelect,
        help_text=_("Mails to others hold no pixel and no links through us. In France a yes of its own is asked for."),
    )
    tracking_wording = forms.CharField(
        label=_("Words beside the box for being followed"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Empty for the usual words. They are kept as evidence with every yes and no."),
    )

    def __init__(self, *args: Any, offered: Mapping[str, AttributeDefinition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(key, attribute_label(definition, "")) for key, definition in offered.items()]
        self.fields["attributes"].choices = choices  # type: ignore[attr-defined]  # a choice
