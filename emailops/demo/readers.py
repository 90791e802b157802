"""What readers see of Maren & Moss: its name and colour, and the mail that asks whether it may write."""

from datetime import datetime

from audience.models import SignupForm
from audience.services import ConsentBasis
from audience.services.opt_ins import Ask, ask_to_opt_in
from emailops.demo.stage import Stage
from workspaces.brand.services import BrandChange, change_brand

MOSS_GREEN = "#2f4a3a"


def show_the_brand(stage: Stage, now: datetime) -> None:
    change_brand(workspace=stage.workspace, change=BrandChange(colour=MOSS_GREEN), by=stage.lead, now=now)


def somebody_asks(stage: Stage, now: datetime) -> None:
    """A reader fills in the form on the site, and has not looked into the inbox yet."""
    form = SignupForm.objects.for_workspace(stage.workspace).earliest("pk")
    basis = ConsentBasis("form", form.consent_wording, form_version=form.version_name)
    ask = Ask("nadia.holt@readers.example", basis, language=form.language, form=form)
    ask_to_opt_in(workspace=stage.workspace, ask=ask, by=None, now=now)
