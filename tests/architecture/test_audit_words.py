"""The audit log is read by people: every action that a service records has words."""

import ast
from importlib import import_module

from django.utils.functional import Promise

from sprints.history import TOLD, UNTOLD
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


def _wrappers() -> set[str]:
    """Functions that hand the action they are given on to `record`."""
    return {
        function.name
        for module in product_modules()
        for function in ast.walk(tree_of(module))
        if isinstance(function, ast.FunctionDef)
        for call in calls(function, "record")
        if call.args and isinstance(call.args[0], ast.Name)
        if call.args[0].id in {argument.arg for argument in function.args.args}
    }


def test_every_action_on_a_story_has_words_in_its_history() -> None:
    names = {"record", *_wrappers()}
    recorded = {
        word
        for module in product_modules()
        for name in names
        for call in calls(tree_of(module), name)
        for argument in call.args[:2]
        for word in words_in(argument)
        if word.startswith("story.")
    }

    assert recorded - set(TOLD) - set(UNTOLD) == set()
    assert recorded - set(WORDS) == set()
    assert {"story.skills_set", "story.step_ticked", "story.linked", "story.unwatched"} <= recorded


def test_the_history_of_a_story_promises_no_action_that_nobody_records() -> None:
    assert set(TOLD) | set(UNTOLD) <= set(WORDS)
