"""Which pages are measured: all that are looked at in a browser, of the apps a team works in, and further ones."""

from typing import Any

APPS = ("workspaces", "audience", "strategy", "sprints", "campaigns", "delivery", "insights")
HTMX = {"HX-Request": "true", "HX-Target": "board"}
LISTS = (
    "story", "idea", "sprint", "approval", "approval-log", "stand-up", "poker-session", "blocker", "label",
    "comment", "notice", "goal", "kpi", "campaign", "story-template", "approval-condition", "delegation",
    "poker-calibration", "skill", "contact", "attribute", "list", "segment", "bulk-edit", "contactimport",
    "event", "order", "site", "topic", "form", "survey", "erasure", "privacyrequest", "retention",
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

    from audience.models import Contact, ContactList

    found = _reverse("audience:contact_list", workspace)
    members = ContactList.objects.for_workspace(workspace).order_by("pk")[0].pk
    preview = _reverse("audience:segment_preview", workspace)
    busiest = Contact.objects.for_workspace(workspace).latest("pk")
    searched = {
        "one word": "anna", "two words": "anna petr", "an address": busiest.email, "half an address": "anna.pet",
        "an attribute": "sensitive", "nobody": "zzz", "nobody with two common words": "anna boris",
    }  # fmt: skip
    narrowed: dict[str, dict[str, Any]] = {
        "on a list": {"list": members},
        "who consented": {"consent": "given"},
        "who may not be written to": {"suppressed": "yes"},
        "of a stage": {"lifecycle": 2},
        "tagged": {"tag": "regular"},
        "of a seller": {"seller": busiest.seller_id or _seller(workspace)},
        "of no seller": {"seller": "none"},
        "tagged, of a stage, on a list": {"tag": "regular", "lifecycle": 3, "list": members},
        "in the middle": {"older": f"{_microseconds(busiest.updated_at) - 500 * 86_400_000_000}-1"},
    }
    rules: dict[str, dict[str, Any]] = {
        "city": {"field": "city", "op": "is", "value": "Sofia"},
        "opened in 30 days": {"field": "mail.opened", "op": "in_last_days", "value": 30},
        "not opened in 90 days": {"field": "mail.opened", "op": "not_in_last_days", "value": 90},
        "consent": {"field": "consent", "op": "any_of", "value": "given"},
    }
    facts: dict[str, tuple[str, dict[str, Any]]] = {
        "events: of a name": ("event_list", {"name": "quiz_taken"}),
        "events: search": ("event_list", {"q": "anna"}),
        "events: of all days": ("event_list", {"after": ""}),
        "events: of one person": ("event_list", {"contact": busiest.pk}),
        "orders: sent back": ("order_list", {"status": "returned"}),
        "orders: search": ("order_list", {"q": "anna"}),
        "orders: of all days": ("order_list", {"after": ""}),
    }
    return {
        **{f"contacts: search, {name}": (f"{found}?{urlencode({'q': text})}", {}) for name, text in searched.items()},
        **{f"contacts: {name}": (f"{found}?{urlencode(asked)}", {}) for name, asked in narrowed.items()},
        **{
            name: (f"{_reverse(f'audience:{page}', workspace)}?{urlencode(asked)}", {})
            for name, (page, asked) in facts.items()
        },
        "contact with most to tell": (_reverse("audience:contact_detail", workspace, pk=busiest.pk), {}),
        **_kept(workspace),
        **_mailed(workspace),
        **{f"segment count: {name}": (f"{preview}?{_drawn(rule)}", HTMX) for name, rule in rules.items()},
    }


def _kept(workspace: Any) -> dict[str, Address]:
    """What each rule on retention would let go, and each of the segments."""
    from audience.models import Segment
    from audience.retention import keepings

    segments = Segment.objects.for_workspace(workspace).current().order_by("pk")
    return {
        **{
            f"retention: {kept.key}": (_reverse("audience:privacy_rule", workspace, kind=kept.key), {})
            for kept in keepings()
        },
        **{
            f"segment: {segment.name}": (_reverse("audience:segment_edit", workspace, pk=segment.pk), {})
            for segment in segments
        },
    }


def _mailed(workspace: Any) -> dict[str, Address]:
    """The pages of the campaign that went to most people."""
    from django.db.models import Count

    from campaigns.models import Campaign

    sent = Campaign.objects.for_workspace(workspace).filter(state="sent")
    largest = sent.annotate(people=Count("run__deliveries")).order_by("-people", "pk")[0].pk
    ledger = _reverse("delivery:recipient_list", workspace, pk=largest)
    return {
        "largest campaign": (_reverse("campaigns:campaign_detail", workspace, pk=largest), {}),
        "largest campaign: report": (_reverse("insights:campaign_report", workspace, pk=largest), {}),
        "largest campaign: ledger": (ledger, {}),
        "largest campaign: who failed": (f"{ledger}?state=failed", {}),
        "largest campaign: ledger, search": (f"{ledger}?q=anna.petrov", {}),
        "largest campaign: ledger, nobody": (f"{ledger}?q=zzzzzz", {}),
    }


def _seller(workspace: Any) -> int:
    """The seller who looks after most of them."""
    from workspaces.models import Member

    sellers = Member.objects.for_workspace(workspace).active().filter(role="seller")
    return int(sellers.order_by("pk")[0].pk)


def _microseconds(moment: Any) -> int:
    from audience.finding import EPOCH

    return int((moment - EPOCH).total_seconds() * 1_000_000)


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
