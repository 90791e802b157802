"""The audit log is read by people: every action that a service records has words."""

from importlib import import_module

from django.utils.functional import Promise

from tests.architecture.sources import APPS, calls, product_modules, tree_of, words_in
from workspaces.audit import said

WORDS: dict[str, Promise] = {
    action: words for app in APPS for action, words in import_module(f"{app}.audit_words").AUDIT_WORDS.items()
}


def test_every_recorded_action_has_words() -> None:
    recorded = {
        word
        for module in product_modules()
        for call in calls(tree_of(module), "record")
        if call.args
        for word in words_in(call.args[0])
        if not word.endswith(".")  # the beginning of an action that ends with a state
    }

    assert recorded - set(WORDS) == set()
    assert len(recorded) > 50


def test_every_app_has_registered_its_words() -> None:
    silent = [action for action in WORDS if said(action) == action]

    assert silent == []
