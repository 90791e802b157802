"""REST: stories and sprints, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import approvals, cadence, retros, sprints, stories, team

router = SimpleRouter()
for noun in (stories, sprints, approvals, retros, cadence, team):
    noun.register(router)
