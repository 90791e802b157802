"""Addresses of the backlog and of what helps to keep it."""

from django.urls import path

from sprints.views import backlog, idea_page, ideas, story_imports, worth

W = "w/<slug:workspace>/"
BACKLOG = [
    path(f"{W}backlog/", backlog.story_list, name="story_list"),
    path(f"{W}backlog/many/", backlog.story_bulk, name="story_bulk"),
    path(f"{W}backlog/many/plan/", backlog.story_bulk_plan, name="story_bulk_plan"),
    path(f"{W}backlog/many/<int:pk>/undo/", backlog.story_bulk_undo, name="story_bulk_undo"),
    path(f"{W}backlog/paste/", backlog.story_paste, name="story_paste"),
    path(f"{W}backlog/searches/", backlog.storyfilter_save, name="storyfilter_save"),
    path(f"{W}backlog/searches/<int:pk>/remove/", backlog.storyfilter_remove, name="storyfilter_remove"),
    path(f"{W}backlog/scores/", worth.score_formula, name="score_formula"),
    path(f"{W}backlog/scores/remove/", worth.score_formula_drop, name="score_formula_drop"),
    path(f"{W}stories/<int:pk>/score/", worth.story_score, name="story_score"),
    path(f"{W}stories/<int:pk>/origin/", worth.story_origin, name="story_origin"),
    path(f"{W}stories/<int:pk>/template/", worth.story_to_template, name="story_to_template"),
    path(f"{W}backlog/templates/", worth.storytemplate_list, name="storytemplate_list"),
    path(f"{W}backlog/templates/new/", worth.storytemplate_new, name="storytemplate_new"),
    path(f"{W}backlog/templates/<int:pk>/", worth.storytemplate_edit, name="storytemplate_edit"),
    path(f"{W}backlog/templates/<int:pk>/remove/", worth.storytemplate_remove, name="storytemplate_remove"),
    path(f"{W}backlog/imports/", story_imports.storyimport_list, name="storyimport_list"),
    path(f"{W}backlog/imports/<int:pk>/columns/", story_imports.storyimport_map, name="storyimport_map"),
    path(f"{W}backlog/imports/<int:pk>/", story_imports.storyimport_detail, name="storyimport_detail"),
    path(f"{W}backlog/imports/<int:pk>/refusals/", story_imports.storyimport_refusals, name="storyimport_refusals"),
    path(f"{W}backlog/imports/<int:pk>/discard/", story_imports.storyimport_discard, name="storyimport_discard"),
    path(f"{W}ideas/", ideas.idea_list, name="idea_list"),
    path(f"{W}ideas/<int:pk>/accept/", ideas.idea_accept, name="idea_accept"),
    path(f"{W}ideas/<int:pk>/merge/", ideas.idea_merge, name="idea_merge"),
    path(f"{W}ideas/<int:pk>/snooze/", ideas.idea_snooze, name="idea_snooze"),
    path(f"{W}ideas/<int:pk>/decline/", ideas.idea_decline, name="idea_decline"),
    path(f"{W}ideas/<int:pk>/reopen/", ideas.idea_reopen, name="idea_reopen"),
    path(f"{W}ideas/pages/", ideas.intakelink_list, name="intakelink_list"),
    path(f"{W}ideas/pages/<int:pk>/close/", ideas.intakelink_revoke, name="intakelink_revoke"),
    path("ideas/<str:token>/", idea_page.idea_page, name="idea_page"),
]
