"""REST: stories and sprints, the board, approvals and retrospectives; one module a noun."""

from rest_framework.routers import SimpleRouter

from sprints.api import (
    answer_stories,
    approvals,
    backlog,
    board,
    cadence,
    calibration,
    ideas,
    owners,
    poker,
    retro_rooms,
    retro_topics,
    retros,
    sprints,
    standups,
    stories,
    story_parts,
    talk,
    team,
)

NOUNS = (
    stories, sprints, board, approvals, retros, poker, backlog, ideas, owners, standups, retro_rooms, retro_topics,
    cadence, team, talk, story_parts, calibration,
    answer_stories,
)  # fmt: skip
router = SimpleRouter()
for noun in NOUNS:
    noun.register(router)
