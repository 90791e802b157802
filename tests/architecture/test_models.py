"""Tenancy in the schema: every owned row is protected by its workspace, found through it, and unique inside it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from audience.models import Contact
from tests.architecture.sources import APPS, product_modules, tree_of
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace
from workspaces.permissions import Role

Model = type[models.Model]

ACROSS_WORKSPACES = {
    "merged_contact": "a link in an old mail knows a number, and the workspace only through it",
    "system_mail_due": "the poller sends the due mail of all workspaces",
    "notice_to_mail": "the poller mails what is due in all workspaces",
    "import_unfinished": "the poller finds interrupted imports of all workspaces",
    "campaign_due": "the poller launches the due campaigns of all workspaces",
    "run_active": "the poller rings for the runs of all workspaces",
    "approval_to_chase": "the poller reminds the owners of all workspaces",
    "delivery_in_hand": "a worker that died is found by its lane, whatever it was sending",
    "poker_reveal_due": "the poller turns the cards of all workspaces when their moment has come",
    "poker_window_due": "the poller closes the windows of all workspaces whose deadline has passed",
    "story_words": "a GIN index cannot begin with a number; PostgreSQL combines it with the others",
    "criterion_words": "the same",
    "contact_attributes": "a GIN index cannot begin with a number; PostgreSQL combines it with the others",
    "contact_tags": "the same",
    "site_visitor_by_time": "browsers of all workspaces that did not come back are forgotten at once",
    "bulk_edits_at_work": "the poller finds interrupted changes of all workspaces",
    "erasures_unfinished": "the poller finds interrupted erasures of all workspaces",
}
"""Indexes of work that has no workspace, each with the reason."""

GLOBAL_FIELDS = {
    "workspaces.ApiKey.prefix": "a program shows its key before anybody knows its workspace",
    "audience.Site.key": "a browser shows it before anybody knows its workspace",
}


def our_models() -> list[Model]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models()]


def has_workspace(model: Model) -> bool:
    return any(field.name == "workspace" for field in model._meta.fields)


OWNED = [model for model in our_models() if has_workspace(model)]
EACH = pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)


def unprotected(model: Model) -> bool:
    """Whether deleting a workspace would take its rows along, or a row could be without one."""
    field = model._meta.get_field("workspace")
    return not isinstance(field, models.ForeignKey) or field.remote_field.on_delete is not models.PROTECT or field.null


def unscoped(model: Model) -> bool:
    """Whether there is no `for_workspace` to begin with. A row of which each workspace has one is found by it."""
    return not (
        isinstance(model._default_manager.all(), ScopedQuerySet) or model._meta.get_field("workspace").one_to_one
    )


def begins_elsewhere(model: Model) -> Iterator[str]:
    """Indexes and unique constraints that begin neither with the workspace nor with a row that lies inside one."""
    rules = [*model._meta.indexes, *(c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint))]
    for rule in rules:
        first = _first_field(rule)
        if rule.name not in ACROSS_WORKSPACES and not _is_inside_a_workspace(model, first):
            yield f"{rule.name} begins with {first}"
    for field in model._meta.fields:
        label = f"{model._meta.label}.{field.name}"
        if field.unique and not (field.primary_key or field.is_relation or label in GLOBAL_FIELDS):
            yield f"{label} is unique in all workspaces"


def _first_field(rule: Any) -> str:
    if rule.fields:
        return str(rule.fields[0]).removeprefix("-")
    expression = rule.expressions[0]
    return str(getattr(expression, "name", expression))


def _is_inside_a_workspace(model: Model, name: str) -> bool:
    found = next((field for field in model._meta.fields if field.name == name), None)
    target = found.related_model if found is not None else None
    return target is Workspace or (isinstance(target, type) and has_workspace(target))


@EACH
def test_a_workspace_that_has_rows_cannot_be_deleted(model: Model) -> None:
    assert not unprotected(model)


@EACH
def test_rows_are_found_through_their_workspace(model: Model) -> None:
    assert not unscoped(model)


@EACH
def test_indexes_and_uniqueness_begin_with_the_workspace(model: Model) -> None:
    assert list(begins_elsewhere(model)) == []


ABOUT_CONTACTS = [
    model for model in OWNED if any(field.related_model is Contact for field in model._meta.fields if field.is_relation)
]
OF_THE_TEAM = {"sprints.StoryOrigin", "sprints.Idea"}
"""Whose words a story or an idea came from does not make it a matter of that person's seller."""


@pytest.mark.parametrize("model", ABOUT_CONTACTS, ids=lambda model: model._meta.label)
def test_a_seller_sees_rows_about_the_people_he_looks_after_alone(model: Model) -> None:
    seller = Member(pk=7, role=Role.SELLER, workspace=Workspace(pk=3))

    rows: Any = model.objects  # type: ignore[attr-defined]  # every owned model has one
    asked = str(rows.seen_by(seller).query)

    assert ('"seller_id" = 7' in asked) is (model._meta.label not in OF_THE_TEAM)
    assert '"workspace_id" = 3' in asked


def test_every_exception_is_still_needed() -> None:
    names = {rule.name for model in OWNED for rule in [*model._meta.indexes, *model._meta.constraints]}
    fields = {f"{model._meta.label}.{field.name}" for model in OWNED for field in model._meta.fields}

    assert set(ACROSS_WORKSPACES) - names == set()
    assert set(GLOBAL_FIELDS) - fields == set()


def test_what_belongs_to_no_workspace_is_known() -> None:
    without = {model._meta.label for model in our_models() if not has_workspace(model)}

    assert without == {
        "workspaces.User",  # a person may work in several
        "workspaces.Workspace",
        "delivery.Chunk",
        "delivery.Installation",  # the one row that says which this is
        "delivery.Lane",  # a worker sends for all
        "delivery.SandboxMessage",  # an operator's tool
        "sprints.OwnerRules",  # a member's own, and the member lies inside one
    }


class Loose(models.Model):
    """What the house forbids, in one model; it has no table."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=10)
    code = models.CharField(max_length=10, unique=True)

    class Meta:
        app_label = "architecture"
        managed = False
        indexes = [models.Index(fields=["name"], name="loose_by_name")]
        constraints = [models.UniqueConstraint(fields=["name", "workspace"], name="loose_name_once")]

    def __str__(self) -> str:
        return self.name


def test_a_model_that_breaks_these_laws_is_found() -> None:
    assert unprotected(Loose)
    assert unscoped(Loose)
    assert list(begins_elsewhere(Loose)) == [
        "loose_by_name begins with name",
        "loose_name_once begins with name",
        "architecture.Loose.code is unique in all workspaces",
    ]


def test_the_common_base_keeps_them() -> None:
    assert not unprotected(Owned)


SCOPES = {"for_workspace", "seen_by"}
"""The second keeps to the workspace of the member it is given."""
BEFORE_A_WORKSPACE_IS_CHOSEN = {"workspaces/views.py: Member.filter"}
"""Questions of a view that has no workspace yet: which are this person's own?"""


def _unscoped_questions(module: Path, tree: ast.AST, owned: set[str]) -> Iterator[str]:
    """`Model.objects.x` where `x` does not scope to a workspace."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            model, manager = node.value.value, node.value.attr
            if isinstance(model, ast.Name) and model.id in owned and manager == "objects":
                question = f"{module}: {model.id}.{node.attr}"
                if node.attr not in SCOPES and question not in BEFORE_A_WORKSPACE_IS_CHOSEN:
                    yield question


VIEWS = [path for path in product_modules() if "views" in path.with_suffix("").parts[1:2]]


@pytest.mark.parametrize("module", VIEWS, ids=str)
def test_a_view_asks_only_inside_its_workspace(module: Path) -> None:
    assert list(_unscoped_questions(module, tree_of(module), {model.__name__ for model in OWNED})) == []


def test_a_view_that_asks_across_workspaces_is_found() -> None:
    tree = ast.parse("Contact.objects.get(pk=1)\nContact.objects.for_workspace(w)\nUser.objects.all()")

    assert list(_unscoped_questions(Path("a/views.py"), tree, {"Contact"})) == ["a/views.py: Contact.get"]
