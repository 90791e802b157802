"""Tags and filters that pages use hundreds of times say what Django's own say."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.forms import ChoiceField, Form, RadioSelect
from django.template import Context, Engine, Template
from django.test import override_settings
from django.urls import NoReverseMatch
from django.utils import timezone, translation

from workspaces.templatetags.ui import as_picks

PLAIN = Engine(builtins=["django.templatetags.i18n"])
VALUES: dict[str, Any] = {
    "slug": "maren-moss",
    "pk": 1234,
    "name": "sprints:story_detail",
    "day": date(2026, 5, 22),
    "at": datetime(2026, 5, 22, 23, 30, tzinfo=UTC),
    "nothing": None,
    "word": "Done",
}


@pytest.mark.parametrize(
    "text",
    [
        "{% url 'sprints:story_detail' workspace=slug pk=pk %}",
        "{% url name workspace=slug pk=pk %}",
        "{% url 'sprints:story_detail' slug pk %}",
        "{% url 'sprints:story_list' workspace=slug as there %}[{{ there }}]",
        "{% url 'sprints:story_list' workspace='a b' as there %}[{{ there }}]",
        "{% translate 'Done' %} {% translate \"It's 5 %\" %} {% translate '<b>' %}",
        "{% trans word %} {% translate word|lower %} {% translate 'Done' as said %}[{{ said }}]",
        "{% translate 'May' context 'month name' %} {% translate 'Done' noop %}",
        "{{ day|date:'DATE_FORMAT' }} {{ day|date:'j M' }} {{ day|date }} {{ at|date:'c' }} {{ at|date }}",
        "[{{ nothing|date:'DATE_FORMAT' }}]",
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_page_reads_as_with_the_tags_of_django(text: str, language: str) -> None:
    with translation.override(language), timezone.override(ZoneInfo("Europe/Sofia")):
        ours = Template(text)
        said = [ours.render(Context(VALUES)) for _time in range(2)]
        theirs = PLAIN.from_string(text).render(Context(VALUES))

    assert said == [theirs, theirs]


def test_fixed_words_are_said_in_the_language_of_each_reader() -> None:
    page = Template("{% translate 'Monday' %}")
    said = {}
    for language in ("en", "ru", "en"):
        with translation.override(language):
            said[language] = page.render(Context())

    assert said["en"] == "Monday"
    assert said["ru"] not in {"", "Monday"}


def test_who_translates_sees_the_words_looked_up_each_time() -> None:
    page = Template("{% translate 'Monday' %}")

    with override_settings(DEBUG=True), translation.override("ru"):
        said = [page.render(Context()) for _time in range(2)]

    assert said[0] == said[1] != "Monday"


def test_an_address_that_does_not_exist_fails_the_page() -> None:
    with pytest.raises(NoReverseMatch):
        Template("{% url 'sprints:story_list' workspace='a b' %}").render(Context())


class _Asked(Form):
    answer = ChoiceField(
        required=False,
        choices=[("", "As the whole"), ("yes", "Yes & <more>"), ("no", "No")],
        widget=RadioSelect(attrs={"form": "decide", "class": "check"}),
    )


@pytest.mark.parametrize("form", [_Asked(), _Asked({"answer": "no"}), _Asked({"answer": "other"})])
def test_picks_are_the_radio_buttons_of_the_field_with_their_labels(form: Form) -> None:
    form.is_valid()
    text = (
        "{% for choice in form.answer %}"
        '<label class="pick__one" for="{{ choice.id_for_label }}">{{ choice.tag }}'
        "<span>{{ choice.choice_label }}</span></label>{% endfor %}"
    )
    theirs = PLAIN.from_string(text).render(Context({"form": form}))

    ours = as_picks(form["answer"])

    assert _flat(ours) == _flat(theirs)


def _flat(html: str) -> str:
    return "".join(line.strip() for line in html.splitlines()).replace(" >", ">")
