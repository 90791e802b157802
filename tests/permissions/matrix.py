"""The whole matrix: all rows of all apps, and the routes that need no member."""

from tests.permissions import (
    approvals,
    audience,
    backlog,
    board,
    cadence,
    campaigns,
    delivery,
    insights,
    owners,
    poker,
    retros,
    sprints,
    standups,
    strategy,
    talk,
    transports,
    workspaces,
)

APPS = (
    workspaces,
    audience,
    strategy,
    sprints,
    approvals,
    poker,
    campaigns,
    delivery,
    transports,
    insights,
    backlog,
    owners,
    standups,
    retros,
    board,
    cadence,
    talk,
)
ROWS = [row for app in APPS for row in app.ROWS]
API_ROWS = [row for app in APPS for row in getattr(app, "API_ROWS", [])]

OUTSIDE_WORKSPACES = {
    "health_live": "for load balancers",
    "health_ready": "for load balancers",
    "workspaces:front_door": "sends everybody where they belong",
    "workspaces:new": "any signed-in person may open a workspace",
    "workspaces:join": "guarded by the token in the mail",
    "workspaces:notices_off": "in mails of news; guarded by the token",
    "sprints:approve": "the owner's link; guarded by the token in the mail",
    "sprints:approve_mail": "what the owner's link shows; guarded by the same token",
    "sprints:retro_answer": "a link for the business owner in the mail with a report; guarded by the token",
    "sprints:approve_say": "where the owner's link asks a question; guarded by the same token",
    "sprints:condition_by_link": "for who was named for a condition; guarded by the token in the mail",
    "sprints:poker_join": "a link for guests of planning poker; guarded by the token",
    "sprints:poker_guest": "a guest's seat; guarded by the token of that seat",
    "sprints:poker_guest_look": "the same",
    "sprints:poker_guest_vote": "the same",
    "sprints:poker_guest_withdraw": "the same",
    "sprints:poker_guest_leave": "the same",
    "sprints:idea_page": "where anybody leaves an idea; guarded by the token in the address",
    "delivery:open": "in readers' mails; guarded by the token",
    "delivery:click": "in readers' mails; guarded by token and signature",
    "delivery:unsubscribe": "in readers' mails; guarded by the token",
    "sandbox:message_list": "an operator's tool for trying out, where the installation has one",
    "sandbox:message_detail": "the same",
    "sandbox:message_html": "the same",
    "sandbox:message_raw": "the same",
    "api:reference": "describes the API, holds no data",
    "api:openapi": "describes the API, holds no data",
}
"""Routes without a member, each with the reason. `accounts/` and `operator/` are allauth's and Django's own."""

NOT_OURS = ("account_", "admin:")
