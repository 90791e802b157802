"""REST: stories and sprints, the board, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import approvals, board, retros, sprints, stories

router = SimpleRouter()
for noun in (stories, sprints, board, approvals, retros):
    noun.register(router)
