"""Days in words."""

from datetime import date

from django.utils import translation
from django.utils.formats import date_format

from emailops.lib.days import day_in_words

DAY = date(2026, 5, 22)


def test_a_day_is_said_in_the_language_of_who_reads_it() -> None:
    said = {}
    for language in ("en", "bg", "en"):
        with translation.override(language):
            said[language] = (day_in_words(DAY), date_format(DAY, "DATE_FORMAT"))

    assert said["en"][0] == said["en"][1]
    assert said["bg"][0] == said["bg"][1]
    assert said["en"] != said["bg"]


def test_each_form_of_a_day_is_its_own() -> None:
    forms = ["DATE_FORMAT", "SHORT_DATE_FORMAT", "j M"]

    assert [day_in_words(DAY, form) for form in forms] == [date_format(DAY, form) for form in forms]
