"""The brand of a workspace, for what its readers see."""

from django import template

from workspaces.brand.services import Look, look_of
from workspaces.models import Workspace

register = template.Library()


@register.simple_tag
def look(workspace: Workspace | None) -> Look | None:
    """Name, colour and logo; None where no workspace is known."""
    return look_of(workspace) if workspace else None
