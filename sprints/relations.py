"""What a story is linked to, both ways."""

from collections import defaultdict
from dataclasses import dataclass

from django.utils.functional import Promise

from sprints.models import INVERSE, LinkKind, Story, StoryLink


@dataclass(frozen=True, slots=True)
class Related:
    """Another story, the link to it, and what this one is to it."""

    link: StoryLink
    story: Story
    words: "str | Promise"


def related_to(story: Story) -> dict[str, list[Related]]:
    """The other stories of all links, by the words that stand between. Two queries."""
    found: dict[str, list[Related]] = defaultdict(list)
    for link in story.links_out.select_related("target__sprint").order_by("kind", "pk"):
        words = LinkKind(link.kind).label
        found[str(words)].append(Related(link, link.target, words))
    for link in story.links_in.select_related("source__sprint").order_by("kind", "pk"):
        words = INVERSE[LinkKind(link.kind)]
        found[str(words)].append(Related(link, link.source, words))
    return dict(found)
