"""REST: stories and sprints, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import approvals, retro_rooms, retro_topics, retros, sprints, stories

router = SimpleRouter()
for noun in (stories, sprints, approvals, retro_rooms, retro_topics, retros):
    noun.register(router)
