"""What helps to keep a backlog: templates, saved filters, what was changed for many at once, files brought in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models import Contact
from sprints.models.stories import Story, StoryKind
from workspaces.models import Member, Owned, ScopedQuerySet

MOST_WORDS = 300


class StoryTemplate(Owned):
    """What a team writes again and again, to start a story from. `criteria` are texts in their order."""

    name = models.CharField(_("name"), max_length=80)
    title = models.CharField(_("title"), max_length=160, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=StoryKind, default=StoryKind.CAMPAIGN)
    as_a = models.CharField(_("as a"), max_length=160, blank=True)
    i_want = models.CharField(_("I want"), max_length=300, blank=True)
    so_that = models.CharField(_("so that"), max_length=300, blank=True)
    problem = models.TextField(_("problem"), blank=True)
    points = models.PositiveSmallIntegerField(_("points"), null=True, blank=True)
    criteria = models.JSONField(default=list)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="story_template_name_once")]

    def __str__(self) -> str:
        return self.name


class SavedFilter(Owned):
    """A search of the backlog under a name: its author's own, or everybody's. `query` is the part after `?`."""

    name = models.CharField(_("name"), max_length=60)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(_("for the whole team"), default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "member", "name"], name="filter_name_once_a_person")
        ]

    def __str__(self) -> str:
        return self.name


class BulkChange(Owned):
    """What one press changed for many stories, so that it can go back.

    `before` and `after` map a story's id to the values of the changed fields.
    """

    action = models.CharField(max_length=12)
    before = models.JSONField()
    after = models.JSONField()
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.action} of {len(self.before)}"


class OriginKind(models.TextChoices):
    """Where a story comes from."""

    ANSWER = "answer", _("A reader’s answer")
    IDEA = "idea", _("An idea that was sent in")
    RETRO = "retro", _("A retrospective")
    HYPOTHESIS = "hypothesis", _("An earlier hypothesis")
    IMPORT = "import", _("Another tool")


class StoryOrigin(Owned):
    """Where one story comes from, in words and, where there is one, by the row itself.

    `system` and `external_id` name the same work in the tool it was imported from: importing it again finds the story.
    """

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="origin")
    kind = models.CharField(_("comes from"), max_length=12, choices=OriginKind)
    words = models.CharField(_("what was said"), max_length=MOST_WORDS, blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    earlier = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, blank=True, related_name="later_stories")
    system = models.CharField(max_length=12, blank=True)
    external_id = models.CharField(max_length=120, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "system", "external_id"],
                condition=~Q(external_id=""),
                name="story_imported_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.story_id} from {self.kind}"


class FileFormat(models.TextChoices):
    """What other tools give out."""

    CSV = "csv", _("CSV")
    JIRA = "jira", _("Jira CSV")
    TRELLO = "trello", _("Trello board (JSON)")


class ImportStep(models.TextChoices):
    """How far a file of stories is."""

    MAPPING = "mapping", _("Columns to be matched")
    DONE = "done", _("Imported")


class StoryImport(Owned):
    """A file of stories. Its rows are kept until it is imported; `refused` holds `[line, title, reason]`.

    `left` says in the same way what of the stories that came in had to stay behind, `brought` counts what came along.
    """

    filename = models.CharField(max_length=200)
    format = models.CharField(max_length=8, choices=FileFormat)
    header = models.JSONField()
    rows = models.JSONField()
    mapping = models.JSONField(default=dict)
    step = models.CharField(max_length=8, choices=ImportStep, default=ImportStep.MAPPING)
    taken = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    left = models.JSONField(default=list)
    brought = models.JSONField(default=dict)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.filename
