"""REST: stories and sprints, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import (
    approvals,
    backlog,
    ideas,
    owners,
    poker,
    retro_rooms,
    retro_topics,
    retros,
    sprints,
    standups,
    stories,
)

router = SimpleRouter()
for noun in (stories, sprints, approvals, retros, poker, backlog, ideas, owners, standups, retro_rooms, retro_topics):
    noun.register(router)
