"""REST: stories and sprints, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import approvals, owners, retros, sprints, stories

router = SimpleRouter()
for noun in (stories, sprints, approvals, owners, retros):
    noun.register(router)
