"""Addresses of what stands around a story: its fields, comments, people, labels, checklists, files and links."""

from django.urls import path

from sprints.views import answer_stories, attachments, checklists, labels, story_fields, story_links, talk

story_paths = [
    path("w/<slug:workspace>/stories/<int:pk>/fields/<slug:name>/", story_fields.story_field, name="story_field"),
    path("w/<slug:workspace>/stories/<int:pk>/comments/", talk.comment_add, name="comment_add"),
    path("w/<slug:workspace>/comments/<int:pk>/edit/", talk.comment_edit, name="comment_edit"),
    path("w/<slug:workspace>/comments/<int:pk>/versions/", talk.comment_versions, name="comment_versions"),
    path("w/<slug:workspace>/comments/<int:pk>/remove/", talk.comment_remove, name="comment_remove"),
    path("w/<slug:workspace>/stories/<int:pk>/watch/", talk.story_watch, name="story_watch"),
    path("w/<slug:workspace>/stories/<int:pk>/helpers/", talk.story_helpers, name="story_helpers"),
    path("w/<slug:workspace>/stories/<int:pk>/labels/", labels.story_labels, name="story_labels"),
    path("w/<slug:workspace>/settings/labels/", labels.settings_labels, name="settings_labels"),
    path("w/<slug:workspace>/settings/labels/<int:pk>/edit/", labels.label_edit, name="label_edit"),
    path("w/<slug:workspace>/settings/labels/<int:pk>/remove/", labels.label_remove, name="label_remove"),
    path("w/<slug:workspace>/stories/<int:pk>/checklists/", checklists.checklist_add, name="checklist_add"),
    path("w/<slug:workspace>/checklists/<int:pk>/edit/", checklists.checklist_edit, name="checklist_edit"),
    path("w/<slug:workspace>/checklists/<int:pk>/remove/", checklists.checklist_remove, name="checklist_remove"),
    path("w/<slug:workspace>/checklists/<int:pk>/steps/", checklists.step_add, name="step_add"),
    path("w/<slug:workspace>/steps/<int:pk>/tick/", checklists.step_tick, name="step_tick"),
    path("w/<slug:workspace>/steps/<int:pk>/edit/", checklists.step_edit, name="step_edit"),
    path("w/<slug:workspace>/steps/<int:pk>/move/", checklists.step_move, name="step_move"),
    path("w/<slug:workspace>/steps/<int:pk>/remove/", checklists.step_remove, name="step_remove"),
    path("w/<slug:workspace>/stories/<int:pk>/files/", attachments.attachment_add, name="attachment_add"),
    path("w/<slug:workspace>/files/<int:pk>/", attachments.attachment_file, name="attachment_file"),
    path("w/<slug:workspace>/files/<int:pk>/remove/", attachments.attachment_remove, name="attachment_remove"),
    path("w/<slug:workspace>/stories/<int:pk>/links/find/", story_links.story_find, name="story_find"),
    path("w/<slug:workspace>/stories/<int:pk>/links/", story_links.story_link_add, name="story_link_add"),
    path("w/<slug:workspace>/story-links/<int:pk>/remove/", story_links.story_link_remove, name="story_link_remove"),
    path("w/<slug:workspace>/stories/<int:pk>/segments/", story_links.story_segments, name="story_segments"),
    path("w/<slug:workspace>/answers/<int:pk>/story/", answer_stories.story_answer, name="story_answer"),
]
