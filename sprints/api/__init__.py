"""REST: stories and sprints, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import approvals, retros, sprints, stories, story_parts, talk

router = SimpleRouter()
for noun in (stories, sprints, approvals, retros, talk, story_parts):
    noun.register(router)
