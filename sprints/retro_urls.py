"""Addresses of retrospectives, a part of those of the app."""

from django.urls import path

from sprints.views import retro_reports as reports
from sprints.views import retro_rooms as rooms
from sprints.views import retros

IN = "w/<slug:workspace>"
ROOM = f"{IN}/sprints/<int:pk>/retro"

retro_paths = [
    path(f"{IN}/retros/", retros.retro_list, name="retro_list"),
    path(f"{ROOM}/", retros.retro_detail, name="retro_detail"),
    path(f"{ROOM}/report/", reports.retro_report, name="retro_report"),
    path(f"{ROOM}/report.pdf", reports.retro_pdf, name="retro_pdf"),
    path(f"{ROOM}/report/mail/", reports.retro_report_mail, name="retro_report_mail"),
    path(f"{ROOM}/reopen/", reports.retro_reopen, name="retro_reopen"),
    path("retro-answer/<str:token>/", reports.retro_answer, name="retro_answer"),
    path(f"{ROOM}/begin/", rooms.retro_begin, name="retro_begin"),
    path(f"{ROOM}/join/", rooms.retro_join, name="retro_join"),
    path(f"{ROOM}/phase/", rooms.retro_phase, name="retro_phase"),
    path(f"{ROOM}/timer/", rooms.retro_timer, name="retro_timer"),
    path(f"{ROOM}/ready/", rooms.retro_ready, name="retro_ready"),
    path(f"{ROOM}/lead/", rooms.retro_lead, name="retro_lead"),
    path(f"{ROOM}/ways/", rooms.retro_ways, name="retro_ways"),
    path(f"{ROOM}/reveal/", rooms.retro_reveal, name="retro_reveal"),
    path(f"{ROOM}/worth/", rooms.retro_worth, name="retro_worth"),
    path(f"{ROOM}/close/", rooms.retro_close, name="retro_close"),
    path(f"{ROOM}/gather/", rooms.retro_gather, name="retro_gather"),
    path(f"{ROOM}/notes/", rooms.retro_note_add, name="retro_note_add"),
    path(f"{ROOM}/actions/", rooms.retro_action_add, name="retro_action_add"),
    path(f"{IN}/retro-notes/<int:pk>/remove/", rooms.retro_note_remove, name="retro_note_remove"),
    path(f"{IN}/retro-notes/<int:pk>/report/", rooms.retro_note_report, name="retro_note_report"),
    path(f"{IN}/retro-topics/<int:pk>/name/", rooms.retro_topic_name, name="retro_topic_name"),
    path(f"{IN}/retro-topics/<int:pk>/decide/", rooms.retro_topic_decide, name="retro_topic_decide"),
    path(f"{IN}/retro-topics/<int:pk>/merge/", rooms.retro_topic_merge, name="retro_topic_merge"),
    path(f"{IN}/retro-topics/<int:pk>/vote/", rooms.retro_topic_vote, name="retro_topic_vote"),
    path(f"{IN}/retro-topics/<int:pk>/discuss/", rooms.retro_topic_discuss, name="retro_topic_discuss"),
    path(f"{IN}/retro-actions/<int:pk>/story/", rooms.retro_action_story, name="retro_action_story"),
    path(f"{IN}/retro-actions/<int:pk>/settle/", rooms.retro_action_settle, name="retro_action_settle"),
]
