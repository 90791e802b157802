"""The pages that are looked at in a real browser: in light and dark, wide and narrow, by axe, under our CSP.

Each names the route and how to find, in the sample company, the rows that the address names. A test fails when a page of
the permission matrix is missing here.
"""

from collections.abc import Callable
from typing import Any

from audience.models import Contact, ContactImport, Segment
from workspaces.models import Workspace

Find = Callable[[Workspace], dict[str, Any]]


def nothing(_workspace: Workspace) -> dict[str, Any]:
    return {}


def _first(model: Any, **conditions: Any) -> Find:
    def find(workspace: Workspace) -> dict[str, Any]:
        return {"pk": model.objects.for_workspace(workspace).filter(**conditions).order_by("pk").first().pk}

    return find


PAGES: dict[str, Find] = {
    "workspaces:home": nothing,
    "workspaces:profile": nothing,
    "workspaces:settings_general": nothing,
    "workspaces:settings_members": nothing,
    "workspaces:settings_keys": nothing,
    "workspaces:settings_audit": nothing,
    "audience:contact_list": nothing,
    "audience:contact_new": nothing,
    "audience:contact_detail": _first(Contact),
    "audience:contact_edit": _first(Contact),
    "audience:list_list": nothing,
    "audience:attribute_list": nothing,
    "audience:segment_list": nothing,
    "audience:segment_new": nothing,
    "audience:segment_edit": _first(Segment),
    "audience:import_list": nothing,
    "audience:import_detail": _first(ContactImport, state="done"),
    "audience:import_map": _first(ContactImport, state="mapping"),
}

NOT_A_PAGE = {
    "audience:segment_preview": "a fragment of the builder, looked at inside it",
    "audience:import_refusals": "a CSV",
}
