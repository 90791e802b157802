"""Print, as JSON, the address of every page to look at. Run by itself against the database of a stack."""

import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    from django.urls import reverse

    from tests.browser.pages import PAGES, PUBLIC_PAGES
    from workspaces.models import Workspace

    workspace = Workspace.objects.get(slug=sys.argv[1])
    everything = {name: find(workspace) for name, find in PAGES.items()}
    wanted = {name: (found.pop("query", ""), found) for name, found in everything.items()}
    inside = {
        name: reverse(name.partition(" ")[0], kwargs={"workspace": workspace.slug, **found}) + query
        for name, (query, found) in wanted.items()
    }
    public = {name: find(workspace) for name, find in PUBLIC_PAGES.items()}
    print(json.dumps({"inside": inside, "public": public}))  # noqa: T201  this is its answer
