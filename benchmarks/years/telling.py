"""The order in which it is told."""

from benchmarks.years.decisions import decide
from benchmarks.years.deeds import tell_deeds
from benchmarks.years.ground import Ground, company
from benchmarks.years.mass import Mass
from benchmarks.years.meetings import meet
from benchmarks.years.past import tell_past
from benchmarks.years.readers import gather
from benchmarks.years.stories import write_sprints, write_stories
from benchmarks.years.talk import talk


def grow(mass: Mass) -> Ground:
    """The sample company with all the rows of `mass`. Told once: on a database that has them it would add as many."""
    from django.db import connection

    from emailops.lib.queue import silence

    ground = company(mass)
    with silence():
        for tell in (gather, write_sprints, write_stories, tell_past, tell_deeds, talk, meet, decide):
            tell(ground)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum would have done long ago
    return ground
