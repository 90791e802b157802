"""How much there is of everything."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mass:
    """Counts of rows in the workspace when it is grown; what is `…_each` is for one of what it is about."""

    stories: int = 5_000
    sprints: int = 100
    contacts: int = 0
    events: int = 0  # mails, reactions and events of the contacts, all together
    lists: int = 9  # besides those that the company has
    members: int = 50
    goals: int = 40
    readings_each: int = 400
    comments: int = 20_000
    notices: int = 20_000
    audit_entries: int = 60_000
    approvals: int = 100
    stories_an_approval: int = 40
    ideas: int = 1_000
    stand_ups: int = 200
    retros: int = 60
    notes_a_retro: int = 60
    poker_sessions: int = 40
    items_a_session: int = 30
    campaigns: int = 300
    outcomes: int = 600
    scope_changes: int = 2_000
    labels: int = 30
    running: int = 200  # stories of the sprint that runs: four for each member
    planned: int = 60  # stories of the sprint that is being planned, each with all parts


DONE = 0.4  # of all stories, in closed sprints
