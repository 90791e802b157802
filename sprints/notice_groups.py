"""Under which headings the kinds of news of this app stand where they are chosen."""

from django.utils.translation import gettext_lazy as _

MINE = _("What is about me")
FOLLOWED = _("Stories I follow")
TOGETHER = _("What the team does together")
