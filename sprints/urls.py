"""Addresses of the sprints app."""

from django.urls import path

from sprints import approval_urls
from sprints.backlog_urls import BACKLOG
from sprints.poker_urls import urlpatterns as poker_urls
from sprints.retro_urls import retro_paths
from sprints.views import approvals, blockers, board, links, sprints, standup_rounds, standups, stories

app_name = "sprints"
urlpatterns = [
    *BACKLOG,
    *approval_urls.urlpatterns,
    path("w/<slug:workspace>/stories/new/", stories.story_new, name="story_new"),
    path("w/<slug:workspace>/stories/<int:pk>/", stories.story_detail, name="story_detail"),
    path("w/<slug:workspace>/stories/<int:pk>/edit/", stories.story_edit, name="story_edit"),
    path("w/<slug:workspace>/stories/<int:pk>/criteria/", stories.story_criteria, name="story_criteria"),
    path("w/<slug:workspace>/criteria/<int:pk>/tick/", stories.criterion_tick, name="criterion_tick"),
    path("w/<slug:workspace>/stories/<int:pk>/hypothesis/", stories.story_hypothesis, name="story_hypothesis"),
    path("w/<slug:workspace>/stories/<int:pk>/brief/", stories.story_brief, name="story_brief"),
    path("w/<slug:workspace>/stories/<int:pk>/plan/", stories.story_plan, name="story_plan"),
    path("w/<slug:workspace>/stories/<int:pk>/move/", board.story_move, name="story_move"),
    path("w/<slug:workspace>/stories/<int:pk>/drop/", stories.story_drop, name="story_drop"),
    path("w/<slug:workspace>/stories/<int:pk>/block/", blockers.story_block, name="story_block"),
    path("w/<slug:workspace>/stories/<int:pk>/place/", board.story_place, name="story_place"),
    path("w/<slug:workspace>/blockers/<int:pk>/resolve/", blockers.blocker_resolve, name="blocker_resolve"),
    path("w/<slug:workspace>/board/", board.board_show, name="board_show"),
    path("w/<slug:workspace>/settings/board/", board.settings_board, name="settings_board"),
    path("w/<slug:workspace>/sprints/", sprints.sprint_list, name="sprint_list"),
    path("w/<slug:workspace>/sprints/new/", sprints.sprint_new, name="sprint_new"),
    path("w/<slug:workspace>/sprints/<int:pk>/", sprints.sprint_detail, name="sprint_detail"),
    path("w/<slug:workspace>/sprints/<int:pk>/edit/", sprints.sprint_edit, name="sprint_edit"),
    path("w/<slug:workspace>/sprints/<int:pk>/start/", sprints.sprint_start, name="sprint_start"),
    path("w/<slug:workspace>/sprints/<int:pk>/close/", sprints.sprint_close, name="sprint_close"),
    path("w/<slug:workspace>/approvals/", approvals.approval_list, name="approval_list"),
    path("w/<slug:workspace>/sprints/<int:pk>/approval/", approvals.approval_request, name="approval_request"),
    path("w/<slug:workspace>/approvals/<int:pk>/", approvals.approval_detail, name="approval_detail"),
    path("w/<slug:workspace>/approvals/<int:pk>/mail/", approvals.approval_mail, name="approval_mail"),
    path("w/<slug:workspace>/approvals/<int:pk>/remind/", approvals.approval_remind, name="approval_remind"),
    path("w/<slug:workspace>/settings/approval/", approvals.settings_approval, name="settings_approval"),
    *poker_urls,
    path("w/<slug:workspace>/stand-up/", standups.stand_up_today, name="stand_up_today"),
    path("w/<slug:workspace>/stand-up/round/", standup_rounds.stand_up_round, name="stand_up_round"),
    path("w/<slug:workspace>/stand-up/blockers/", standups.stand_up_blocker_add, name="stand_up_blocker_add"),
    path("w/<slug:workspace>/stand-ups/", standups.stand_up_list, name="stand_up_list"),
    path("w/<slug:workspace>/stand-ups/<int:pk>/", standups.stand_up_detail, name="stand_up_detail"),
    path("w/<slug:workspace>/stand-ups/<int:pk>/entry/", standups.stand_up_entry, name="stand_up_entry"),
    path("w/<slug:workspace>/stand-ups/<int:pk>/step/", standup_rounds.stand_up_step, name="stand_up_step"),
    path("w/<slug:workspace>/sprints/<int:pk>/blockers/", standups.sprint_blockers_page, name="sprint_blockers"),
    path("w/<slug:workspace>/settings/stand-up/", standups.settings_stand_up, name="settings_stand_up"),
    *retro_paths,
    path("approve/<str:token>/", links.approve, name="approve"),
    path("approve/<str:token>/mail/", links.approve_mail, name="approve_mail"),
]
