"""What was filled in is checked when it is sent, not when it is confirmed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audience.models import OptInRequest, SignupForm
from audience.services.opt_ins import confirm_opt_in
from audience.services.signup import form_token, shown_stamp
from tests.factories.audience import AttributeFactory, SignupFormFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
CHOICES = [{"key": "dry", "label": "Dry", "labels": {}}]
KINDS = {"points": "number", "spent": "money", "born": "date", "vip": "boolean", "skin": "choice", "cares": "list"}
GOOD = {
    "phone": "0888 123 456", "country": "BG", "attribute_points": "3", "attribute_spent": "12 EUR",
    "attribute_born": "1990-05-04", "attribute_vip": "yes", "attribute_skin": "dry", "attribute_cares": ["dry"],
}  # fmt: skip


@pytest.fixture
def signup(workspace: Workspace) -> SignupForm:
    Workspace.objects.filter(pk=workspace.pk).update(country="BG")
    workspace.refresh_from_db()
    for key, kind in KINDS.items():
        choices = CHOICES if kind in {"choice", "list"} else []
        AttributeFactory.create(workspace=workspace, key=key, label=key.title(), kind=kind, choices=choices)
    asked = ["phone", "country", *(f"attribute.{key}" for key in KINDS)]
    fields = [{"key": key, "required": False} for key in asked]
    made: SignupForm = SignupFormFactory.create(workspace=workspace, fields=fields, is_double_opt_in=True)
    return made


def _send(client: Client, signup: SignupForm, **given: Any) -> Any:
    earlier = timezone.now() - timedelta(seconds=9)
    sent = {"email": "ann@example.org", "consent": "on", "shown": shown_stamp(signup, earlier), **given}
    return client.post(reverse("audience:signup_page", args=[form_token(signup)]), sent)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone", "call me"), ("phone", "+359 1"), ("country", "Atlantis"), ("attribute_points", "many"),
        ("attribute_spent", "12 USD"), ("attribute_born", "yesterday"), ("attribute_vip", "perhaps"),
        ("attribute_skin", "scaly"), ("attribute_cares", ["scaly"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_when_it_is_sent(client: Client, signup: SignupForm, name: str, value: Any) -> None:
    answer = _send(client, signup, **{**GOOD, name: value})

    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in answer.content.decode()
    assert not OptInRequest.objects.exists()


def test_all_that_was_taken_is_there_after_the_confirmation(client: Client, signup: SignupForm) -> None:
    answer = _send(client, signup, **GOOD)

    contact = confirm_opt_in(request=OptInRequest.objects.get(), evidence={}, now=timezone.now())
    assert answer.status_code == 200
    assert (contact.phone, contact.country) == ("+359888123456", "BG")
    assert contact.attributes == {
        "points": 3, "spent": 12, "born": "1990-05-04", "vip": True, "skin": "dry", "cares": ["dry"],
    }  # fmt: skip
