"""The whole matrix: all rows of all apps, and the routes that need no member."""

from tests.permissions import audience, workspaces

ROWS = [*workspaces.ROWS, *audience.ROWS]
API_ROWS = [*audience.API_ROWS]

OUTSIDE_WORKSPACES = {
    "health_live": "for load balancers",
    "health_ready": "for load balancers",
    "workspaces:front_door": "sends everybody where they belong",
    "workspaces:new": "any signed-in person may open a workspace",
    "workspaces:join": "guarded by the token in the mail",
    "delivery:open": "in readers' mails; guarded by the token",
    "delivery:click": "in readers' mails; guarded by token and signature",
    "delivery:unsubscribe": "in readers' mails; guarded by the token",
    "api:reference": "describes the API, holds no data",
    "api:openapi": "describes the API, holds no data",
}
"""Routes without a member, each with the reason. `accounts/` and `operator/` are allauth's and Django's own."""

NOT_OURS = ("account_", "admin:")
