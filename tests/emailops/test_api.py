"""The API as a whole: its document, the page to read it on, and how it refuses what no endpoint saw."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from emailops.api import router
from workspaces.models import Member


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    found: dict[str, object] = Client().get(reverse("api:openapi"), {"format": "json"}).json()
    return found


def test_the_document_is_valid_openapi_3(document: dict[str, object]) -> None:
    validate_schema(document)  # type: ignore[no-untyped-call]  # drf-spectacular carries no types

    assert str(document["openapi"]).startswith("3.")


def test_every_endpoint_is_in_the_document(document: dict[str, object]) -> None:
    paths = document["paths"]
    assert isinstance(paths, dict)

    nouns = {path.split("/")[3] for path in paths}
    missing = [prefix for prefix, _viewset, _name in router.registry if prefix.partition("/")[0] not in nouns]

    assert len(paths) >= 10
    assert missing == []


def test_the_document_says_how_to_authenticate(document: dict[str, object]) -> None:
    components = document["components"]
    assert isinstance(components, dict)

    assert components["securitySchemes"]["apiKey"]["scheme"] == "bearer"


def test_the_reference_shows_every_operation(document: dict[str, object]) -> None:
    answer = Client().get(reverse("api:reference"))

    page = answer.content.decode()
    paths = document["paths"]
    assert isinstance(paths, dict)
    assert answer.status_code == 200
    assert [path for path in paths if f">{path}</code>" not in page] == []


def test_the_reference_spells_out_nested_fields(client: Client) -> None:
    page = client.get(reverse("api:reference")).content.decode()

    assert '<code class="code">contacts[].consent.wording</code>' in page
    assert "Those that are refused are listed; the others are taken." in page


def test_a_long_description_is_not_cut_inside_a_tag(client: Client) -> None:
    page = client.get(reverse("api:reference")).content.decode()

    assert re.findall(r"<[a-z]+…", page) == []
    assert "<br>" in page


def test_the_reference_is_only_read(client: Client) -> None:
    assert client.post(reverse("api:reference")).status_code == 405


@pytest.mark.django_db
def test_without_a_key_the_answer_says_how_to_send_one() -> None:
    answer = APIClient().get(reverse("api:contact-list"))

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {
        "code": "authentication_failed",
        "message": "Send a valid API key: Authorization: Bearer eo_…",
        "fields": {},
    }


def test_a_body_that_is_no_json_is_a_400(lead: Member, api: Callable[..., APIClient]) -> None:
    answer = api(lead).post(reverse("api:contact-list"), "{not json", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_body_of_another_type_is_a_415(lead: Member, api: Callable[..., APIClient]) -> None:
    answer = api(lead).post(reverse("api:contact-list"), "email=a", content_type="text/plain")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
