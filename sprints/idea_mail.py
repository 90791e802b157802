"""The mail to whoever had an idea: it became a story, or why not."""

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from sprints.models import Idea, IdeaState
from workspaces.models import SystemMail
from workspaces.systemmail import Letter


def idea_answer(mail: SystemMail, now: datetime) -> Letter | None:
    """What was decided, in the language of the idea page; None when it was taken back meanwhile."""
    idea = Idea.objects.select_related("workspace", "decided_by__user").get(pk=mail.object_id)
    if idea.state not in {IdeaState.ACCEPTED, IdeaState.DECLINED}:
        return None
    language = idea.language or idea.workspace.language
    with translation.override(language):
        subject = _("Your idea: %(title)s") % {"title": idea.title}
    return Letter(subject, "emails/idea_answer", {"idea": idea}, language)
