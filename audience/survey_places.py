"""What surveys put into the places that the app offers: menu, timeline, merging of contacts."""

from django.utils.translation import gettext_lazy as _

from audience.merging import register_mover
from audience.services.survey_answers import move_answers
from audience.survey_timeline import SURVEY_KINDS, answer_moments
from audience.timeline import register_timeline
from workspaces.navigation import Entry, register_entry
from workspaces.permissions import Can

ENTRY = Entry(
    "surveys", "audience", 36, _("Surveys"), "message-square", "audience:survey_list", Can.SEE_AUDIENCE,
    also=("question", "answer"),
)  # fmt: skip


def take_survey_places() -> None:
    register_timeline(answer_moments, SURVEY_KINDS)
    register_mover(move_answers)
    register_entry(ENTRY)
