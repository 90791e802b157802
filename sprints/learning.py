"""Tried before: stories with a verdict that resemble one that is still ahead."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.utils.translation import gettext as _

from sprints.metrics import metric_label
from sprints.models import OutcomeVerdict, Story, StoryOutcome
from workspaces.models import Workspace

EVER = datetime.min.replace(tzinfo=UTC)
MOST_LESSONS = 3
MOST_REMEMBERED = 300  # the newest verdicts; older ones say little about today's readers
ALIKE = 0.3  # from here on two stories are about the same thing; words alone need three of ten in common
SAME_SEGMENT, SAME_METRIC = 0.2, 0.1
DICTIONARIES = {"en": "english", "ru": "russian", "de": "german", "fr": "french", "es": "spanish", "it": "italian"}

RESEMBLING = """
WITH learned AS MATERIALIZED (
    SELECT s.id, h.metric, b.segment_id,
           tsvector_to_array(to_tsvector(
               %(config)s::regconfig, concat_ws(' ', s.title, s.i_want, h.change, h.audience)
           )) AS words
    FROM sprints_storyoutcome o
    JOIN sprints_story s ON s.id = o.story_id
    LEFT JOIN sprints_hypothesis h ON h.story_id = s.id
    LEFT JOIN sprints_sendbrief b ON b.story_id = s.id
    WHERE o.workspace_id = %(workspace)s AND o.measured_at >= %(since)s
    ORDER BY o.measured_at DESC, o.id DESC
    LIMIT %(remembered)s
), ahead AS MATERIALIZED (
    SELECT s.id, h.metric, b.segment_id,
           tsvector_to_array(to_tsvector(%(config)s::regconfig, concat_ws(' ', s.title, h.change))) AS words
    FROM sprints_story s
    LEFT JOIN sprints_hypothesis h ON h.story_id = s.id
    LEFT JOIN sprints_sendbrief b ON b.story_id = s.id
    WHERE s.workspace_id = %(workspace)s AND s.id = ANY(%(stories)s)
), common AS (
    SELECT asked.id AS story, known.id AS earlier, count(*)::float8 AS number
    FROM (SELECT id, unnest(words) AS word FROM ahead) asked
    JOIN (SELECT id, unnest(words) AS word FROM learned) known USING (word)
    WHERE known.id <> asked.id
    GROUP BY asked.id, known.id
), pairs AS (
    SELECT story, earlier, number / cardinality(ahead.words) AS shared,
           CASE WHEN learned.segment_id = ahead.segment_id THEN %(segment)s ELSE 0 END AS segment,
           CASE WHEN learned.metric = ahead.metric THEN %(metric)s ELSE 0 END AS metric
    FROM common JOIN ahead ON ahead.id = story JOIN learned ON learned.id = earlier
), best AS (
    SELECT *, row_number() OVER (PARTITION BY story ORDER BY shared + segment + metric DESC, earlier DESC) AS place
    FROM pairs WHERE shared + segment + metric >= %(alike)s
)
SELECT story, earlier, segment > 0, metric > 0 FROM best WHERE place <= %(most)s ORDER BY story, place
"""


@dataclass(frozen=True, slots=True)
class Lesson:
    """An earlier story that resembles one, what came of it, and what the two have in common."""

    outcome: StoryOutcome
    same_segment: bool
    same_metric: bool

    @property
    def story(self) -> Story:
        return self.outcome.story

    @property
    def verdict(self) -> str:
        return str(OutcomeVerdict(self.outcome.verdict).label)

    @property
    def in_common(self) -> str:
        parts = [_("similar words")]
        if self.same_segment:
            parts.append(_("the same segment"))
        if self.same_metric:
            parts.append(_("the same measure, %(metric)s") % {"metric": metric_label(self.outcome.metric)})
        return ", ".join(parts)


def lessons_for(
    workspace: Workspace, stories: Sequence[Story], since: datetime | None = None
) -> dict[int, list[Lesson]]:
    """For each story what was tried before, the most alike first; those without are left out. Two queries.

    `since`: only what was measured from then on.
    """
    if not stories:
        return {}
    pairs = _pairs(workspace, [story.pk for story in stories], since or EVER)
    earlier = StoryOutcome.objects.for_workspace(workspace).filter(story__in={pair[1] for pair in pairs})
    known = {outcome.story_id: outcome for outcome in earlier.select_related("story__sprint", "workspace")}
    found: dict[int, list[Lesson]] = defaultdict(list)
    for story, before, same_segment, same_metric in pairs:
        found[story].append(Lesson(known[before], same_segment, same_metric))
    return dict(found)


def _pairs(workspace: Workspace, stories: list[int], since: datetime) -> list[tuple[int, int, bool, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            RESEMBLING,
            {
                "config": DICTIONARIES.get(workspace.language, "simple"),
                "workspace": workspace.pk,
                "stories": stories,
                "since": since,
                "remembered": MOST_REMEMBERED,
                "segment": SAME_SEGMENT,
                "metric": SAME_METRIC,
                "alike": ALIKE,
                "most": MOST_LESSONS,
            },
        )
        return list(cursor.fetchall())
