"""Print the addresses of the progress of two sends: one that rests, and one that sends one message a minute.

Run by itself against the database of a stack.
"""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from django.urls import reverse

    from delivery.models import RunState
    from tests.factories.delivery import run_to
    from workspaces.models import Workspace

    workspace = Workspace.objects.get(slug=sys.argv[1])
    for state, limit in ((RunState.PAUSED, None), (RunState.SENDING, 1)):
        run, _rows = run_to(workspace, 30, state=state, speed_limit=limit, campaign__state=state.value)
        print(reverse("delivery:run_panel", args=[workspace.slug, run.campaign_id]))  # noqa: T201  this is its answer
