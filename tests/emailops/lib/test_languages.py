"""What is said in which of two languages."""

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from emailops.lib.languages import interface_language, readers_language, speaking_to


def test_a_language_without_a_catalogue_gets_english_from_the_product_and_its_own_from_the_workspace() -> None:
    with speaking_to("bg"):
        spoken, shown = translation.get_language(), readers_language()
        refusal = _("This field is required.")

    assert (spoken, shown) == ("en", "bg")
    assert refusal == "This field is required."


def test_a_language_that_is_offered_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LANGUAGES", [("en", "English"), ("bg", "Bulgarian")])

    assert interface_language("bg") == "bg"


def test_afterwards_everything_is_as_before() -> None:
    with speaking_to("ru"), speaking_to("bg"):
        pass

    assert readers_language() == translation.get_language()
