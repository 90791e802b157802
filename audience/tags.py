"""Tags of contacts: how they are written, and which ones are in use."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from audience.figures import Numbers, figures_of
from audience.models import Contact, ContactQuerySet
from emailops.lib.errors import DomainError
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

LONGEST_TAG = 40
MOST_TAGS = 50  # of one contact
MOST_OFFERED = 100
LOOKED_AT = 5000  # contacts; the newest ones that have tags say which are in use


class TagRefused(DomainError):
    """A tag cannot be written that way."""

    code = "tag_refused"
    status = 400


def read_tag(text: str) -> str:
    """One tag in small letters with single spaces. Raises `TagRefused`."""
    tag = " ".join(text.replace("\0", "").split()).lower()
    if not tag or len(tag) > LONGEST_TAG or re.search(r"[,;]", tag):
        refusal = _("A tag has 1 to %(longest)d letters and no comma.") % {"longest": LONGEST_TAG}
        raise TagRefused(refusal, fields={"tags": [refusal], "tag": [refusal]})
    return tag


def read_tags(given: str | Iterable[str]) -> list[str]:
    """Tags once each, in alphabetical order; a text is split at commas and semicolons. Raises `TagRefused`."""
    parts = re.split(r"[,;\n]", given) if isinstance(given, str) else list(given)
    tags = sorted({read_tag(part) for part in parts if part.strip()})
    if len(tags) > MOST_TAGS:
        refusal = _("A contact has at most %(most)d tags.") % {"most": MOST_TAGS}
        raise TagRefused(refusal, fields={"tags": [refusal]})
    return tags


def tags_in_use(member: Member, now: datetime) -> list[str]:
    """The tags that people seen by this member have, the most frequent first; of the newest with tags, for a seller."""
    if member.role != Role.SELLER:
        found: list[str] = figures_of(member.workspace, "tags", now).numbers["tags"]
        return found
    return _frequent(Contact.objects.seen_by(member))


def tag_figures(workspace: Workspace, now: datetime) -> Numbers:
    return {"tags": _frequent(Contact.objects.for_workspace(workspace))}


def _frequent(people: ContactQuerySet) -> list[str]:
    """The tags of the newest people that have any, the most frequent first. One query."""
    tagged = people.exclude(tags=[]).order_by("-created_at")
    counted = Counter(tag for tags in tagged.values_list("tags", flat=True)[:LOOKED_AT] for tag in tags)
    return [tag for tag, _count in counted.most_common(MOST_OFFERED)]
