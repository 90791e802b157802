"""What day it is for a workspace: goals and readings are counted by its clock, not by the reader's."""

from datetime import date

from workspaces.http import MemberRequest


def today(request: MemberRequest) -> date:
    return request.now.astimezone(request.workspace.zone).date()
