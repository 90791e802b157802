"""Who follows a story and works on it, and what is said about it."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet
from workspaces.permissions import Can


class StoryHelper(Owned):
    """A member who works on a story beside its lead, who is `Story.assignee`."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="helpers")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "member"], name="story_helper_once")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.story_id}"


class StoryWatch(Owned):
    """Whether a member follows a story. One who stopped does not begin again by being assigned or mentioned."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="watches")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    is_watching = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "member"], name="story_watch_once")]

    def __str__(self) -> str:
        return f"{self.member_id} of {self.story_id}"


class Audience(models.TextChoices):
    """Who reads a comment."""

    TEAM = "team", _("Only the team")
    EVERYBODY = "everybody", _("The team and the owner")


class CommentQuerySet(ScopedQuerySet["StoryComment"]):
    """Comments, by who may read them."""

    def for_reader(self, member: Member) -> Self:
        return self if member.may(Can.SEE_TEAM) else self.filter(audience=Audience.EVERYBODY)


class StoryComment(Owned):
    """What a member says about a story, in a subset of Markdown. Who reads it is chosen once, when it is written.

    A comment that was taken back keeps its place, without its words.
    """

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    audience = models.CharField(_("who reads it"), max_length=10, choices=Audience, default=Audience.TEAM)
    text = models.TextField(_("comment"))
    mentioned = models.ManyToManyField(Member, related_name="+")
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CommentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["story", "-written_at", "-id"], name="comment_by_time")]
        constraints = [
            models.CheckConstraint(condition=Q(removed_at=None) | Q(text=""), name="removed_comment_has_no_words")
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.story_id}"

    @property
    def is_team_only(self) -> bool:
        return self.audience == Audience.TEAM


class CommentVersion(Owned):
    """The words of a comment before they were changed."""

    comment = models.ForeignKey(StoryComment, on_delete=models.CASCADE, related_name="versions")
    text = models.TextField()
    until = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["comment", "-until"], name="comment_versions_by_time")]

    def __str__(self) -> str:
        return f"{self.comment_id} until {self.until}"
