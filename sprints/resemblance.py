"""Stories that say what an idea says, so that it is merged and not doubled."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

from sprints.learning import DICTIONARIES
from sprints.models import Idea, Story
from workspaces.models import Workspace

MOST_TWINS = 3
ALIKE = 0.4  # share of an idea's words that a story has to have in its title, its wish or its problem

RESEMBLING = """
WITH told AS MATERIALIZED (
    SELECT id, tsvector_to_array(to_tsvector(%(config)s::regconfig, title)) AS words
    FROM sprints_idea WHERE workspace_id = %(workspace)s AND id = ANY(%(ideas)s)
), known AS (
    SELECT id, unnest(tsvector_to_array(
               to_tsvector(%(config)s::regconfig, concat_ws(' ', title, i_want, left(problem, 500)))
           )) AS word
    FROM sprints_story WHERE workspace_id = %(workspace)s AND dropped_at IS NULL AND done_at IS NULL
), pairs AS (
    SELECT told.id AS idea, known.id AS story, count(*)::float8 / cardinality(told.words) AS shared
    FROM told CROSS JOIN unnest(told.words) AS asked(word) JOIN known USING (word)
    GROUP BY told.id, told.words, known.id
), best AS (
    SELECT *, row_number() OVER (PARTITION BY idea ORDER BY shared DESC, story DESC) AS place
    FROM pairs WHERE shared >= %(alike)s
)
SELECT idea, story FROM best WHERE place <= %(most)s ORDER BY idea, place
"""


def twins_of(workspace: Workspace, ideas: Sequence[Idea]) -> dict[int, list[Story]]:
    """For each idea the open stories that resemble it, the most alike first. Two queries."""
    if not ideas:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            RESEMBLING,
            {
                "config": DICTIONARIES.get(workspace.language, "simple"),
                "workspace": workspace.pk,
                "ideas": [idea.pk for idea in ideas],
                "alike": ALIKE,
                "most": MOST_TWINS,
            },
        )
        pairs = list(cursor.fetchall())
    stories = Story.objects.for_workspace(workspace).in_bulk({story for _idea, story in pairs})
    found: dict[int, list[Story]] = defaultdict(list)
    for idea, story in pairs:
        found[idea].append(stories[story])
    return dict(found)
