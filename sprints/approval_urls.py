"""Addresses of what belongs to approvals besides the requests themselves."""

from django.urls import path

from sprints.views import approval_log, approval_parts, condition_link, links, owners, strategy_approvals

urlpatterns = [
    path("w/<slug:workspace>/approvals/log/", approval_log.approval_log, name="approval_log"),
    path("w/<slug:workspace>/approvals/log/csv/", approval_log.approval_log_csv, name="approval_log_csv"),
    path("w/<slug:workspace>/approvals/log/pdf/", approval_log.approval_log_pdf, name="approval_log_pdf"),
    path("w/<slug:workspace>/approvals/<int:pk>/pdf/", approval_log.approval_pdf, name="approval_pdf"),
    path("w/<slug:workspace>/approvals/delegations/", owners.delegation_list, name="delegation_list"),
    path(
        "w/<slug:workspace>/approvals/delegations/<int:pk>/revoke/", owners.delegation_revoke, name="delegation_revoke"
    ),
    path("w/<slug:workspace>/approvals/rules/", owners.owner_rules_edit, name="owner_rules_edit"),
    path("w/<slug:workspace>/approvals/conditions/<int:pk>/tick/", owners.condition_tick, name="condition_tick"),
    path(
        "w/<slug:workspace>/approvals/conditions/<int:pk>/name/", approval_parts.condition_name, name="condition_name"
    ),
    path("w/<slug:workspace>/approvals/<int:pk>/say/", approval_parts.approval_say, name="approval_say"),
    path("w/<slug:workspace>/approvals/waiting/", approval_parts.approval_waiting, name="approval_waiting"),
    path("w/<slug:workspace>/sprints/<int:pk>/approval/card/", approval_parts.approval_card, name="approval_card"),
    path("approve/<str:token>/say/", links.approve_say, name="approve_say"),
    path("condition/<str:token>/", condition_link.condition_by_link, name="condition_by_link"),
    path(
        "w/<slug:workspace>/goals/<int:pk>/approval/",
        strategy_approvals.goal_approval_request,
        name="goal_approval_request",
    ),
    path(
        "w/<slug:workspace>/principles/<int:pk>/approval/",
        strategy_approvals.principle_approval_request,
        name="principle_approval_request",
    ),
    path(
        "w/<slug:workspace>/strategy/approval/",
        strategy_approvals.plan_approval_request,
        name="plan_approval_request",
    ),
]
