"""Which pages are measured: all that are looked at in a browser, of the apps a team works in, and further ones."""

from typing import Any

APPS = ("workspaces", "audience", "strategy", "sprints", "campaigns")
HTMX = {"HX-Request": "true", "HX-Target": "board"}
LISTS = (
    "story", "idea", "sprint", "approval", "approval-log", "stand-up", "poker-session", "blocker", "label",
    "comment", "notice", "goal", "kpi", "campaign", "story-template", "approval-condition", "delegation",
    "poker-calibration", "skill", "contact", "attribute", "list", "segment", "bulk-edit", "contactimport",
)  # fmt: skip
NOT_FOR_THE_LEAD = {"sprints:owner_rules_edit", "sprints:comment_edit"}
"""The first is the owner's, the second that of whoever wrote the comment."""
SHELL = "shell: profile"
"""The baseline: a page that shows one form, so that it costs what the frame around every page does."""

Address = tuple[str, dict[str, str]]


def addresses(workspace: Any, secret: str) -> dict[str, Address]:
    """Each page by name, with its address and headers, the baseline first."""
    pages: dict[str, Address] = {SHELL: (_reverse("workspaces:profile", workspace), {})}
    pages |= _looked_at(workspace) | _narrowed(workspace) | _people(workspace) | _public(workspace)
    return pages | _lists_of_the_api(workspace, secret)


def _reverse(name: str, workspace: Any, /, **kwargs: Any) -> str:
    from django.urls import reverse

    return reverse(name, kwargs={"workspace": workspace.slug, **kwargs})


def _looked_at(workspace: Any) -> dict[str, Address]:
    from tests.browser.pages import PAGES

    chosen = [name for name in PAGES if name.startswith(APPS) and name not in NOT_FOR_THE_LEAD]
    asked = {name: PAGES[name](workspace) for name in chosen}
    queries = {name: kwargs.pop("query", "") for name, kwargs in asked.items()}
    return {
        name.replace(":", ": ", 1): (_reverse(name.split()[0], workspace, **asked[name]) + queries[name], {})
        for name in chosen
    }


def _public(workspace: Any) -> dict[str, Address]:
    from tests.browser.pages import PUBLIC_PAGES

    return {
        name.replace(":", ": ", 1): (find(workspace), {})
        for name, find in PUBLIC_PAGES.items()
        if name.startswith(("sprints", "audience"))
    }


def _narrowed(workspace: Any) -> dict[str, Address]:
    """Lists as they are narrowed, ordered, turned and refreshed."""
    from sprints.columns import columns_of
    from sprints.models import Sprint, Story

    running = Sprint.objects.for_workspace(workspace).get(state="running")
    board, backlog = _reverse("sprints:board_show", workspace), _reverse("sprints:story_list", workspace)
    middle = Story.objects.for_workspace(workspace).in_backlog().ranked()[1_000].pk
    busiest = Story.objects.for_workspace(workspace).order_by("pk")[0].pk
    return {
        "board by member": (f"{board}?lanes=member", {}),
        "board by goal": (f"{board}?lanes=goal", {}),
        "board further down": (f"{board}?column={columns_of(workspace)[0].key}&lane=&skip=500", HTMX),
        "sprint board refreshed": (_reverse("sprints:sprint_detail", workspace, pk=running.pk), HTMX),
        "backlog in the middle": (f"{backlog}?after={middle}", {}),
        "backlog by RICE": (f"{backlog}?by=rice", {}),
        "backlog by ICE": (f"{backlog}?by=ice", {}),
        "backlog search": (f"{backlog}?q=readers", {}),
        "backlog everywhere": (f"{backlog}?where=all", {}),
        "backlog not ready": (f"{backlog}?is=no_criteria", {}),
        "bell": (_reverse("workspaces:notice_bell", workspace), {}),
        "notices unread": (f"{_reverse('workspaces:notice_list', workspace)}?unread=1", {}),
        "story with most to tell": (_reverse("sprints:story_detail", workspace, pk=busiest), {}),
        "ideas declined": (f"{_reverse('sprints:idea_list', workspace)}?state=declined", {}),
    }


def _people(workspace: Any) -> dict[str, Address]:
    """The list of contacts as it is searched, narrowed and turned, and the builder of segments as it counts."""
    from urllib.parse import urlencode

    from audience.models import ContactList

    found = _reverse("audience:contact_list", workspace)
    members = ContactList.objects.for_workspace(workspace).order_by("pk")[0].pk
    preview = _reverse("audience:segment_preview", workspace)
    searched = {"one word": "anna", "two words": "anna last1", "an address": "reader77@mail77.example", "nobody": "zzz"}
    narrowed: dict[str, dict[str, Any]] = {
        "on a list": {"list": members},
        "who consented": {"consent": "given"},
        "who may not be written to": {"suppressed": "yes"},
        "of a stage": {"lifecycle": 2},
        "tagged": {"tag": "regular"},
    }
    rules: dict[str, dict[str, Any]] = {
        "city": {"field": "city", "op": "is", "value": "Sofia"},
        "opened in 30 days": {"field": "mail.opened", "op": "in_last_days", "value": 30},
        "not opened in 90 days": {"field": "mail.opened", "op": "not_in_last_days", "value": 90},
    }
    return {
        **{f"contacts: search, {name}": (f"{found}?{urlencode({'q': text})}", {}) for name, text in searched.items()},
        **{f"contacts: {name}": (f"{found}?{urlencode(asked)}", {}) for name, asked in narrowed.items()},
        **{f"segment count: {name}": (f"{preview}?{_drawn(rule)}", HTMX) for name, rule in rules.items()},
    }


def _drawn(rule: dict[str, Any]) -> str:
    """A rule as the builder's form sends it."""
    from urllib.parse import urlencode

    return urlencode({"g0-match": "all", **{f"g0-r0-{part}": value for part, value in rule.items()}})


def _lists_of_the_api(workspace: Any, secret: str) -> dict[str, Address]:
    from django.urls import reverse

    from sprints.models import Story

    headers = {"Authorization": f"Bearer {secret}"}
    story = Story.objects.for_workspace(workspace).order_by("pk")[0].pk
    lists = {f"api: {name}": (reverse(f"api:{name}-list"), headers) for name in LISTS}
    return {**lists, "api: story with parts": (reverse("api:story-detail", args=[story]), headers)}
