"""What one can put into a text."""

from campaigns.liquid import html_template
from campaigns.models import ContentFormat
from campaigns.personal_parts import personal_parts
from campaigns.rendering import template_from_source
from tests.factories.audience import AttributeFactory
from workspaces.models import Workspace


def test_every_part_offered_works_when_inserted(workspace: Workspace) -> None:
    AttributeFactory.create(workspace=workspace, key="city", label="City")
    AttributeFactory.create(workspace=workspace, key="2nd-name", label="Second name")
    contact = {"first_name": "", "attributes": {"city": "Sofia", "2nd-name": "Maria"}}
    source = "\n\n".join(part.code for part in personal_parts(workspace))

    html = template_from_source(written_as=ContentFormat.MARKDOWN, source=source, preheader="", language="en")
    filled = html_template(html).fill({"contact": contact, "unsubscribe_url": "https://x.example"})

    assert "{" not in filled.partition("</style>")[2]
    for words in ("friend", "Sofia", "Maria", 'class="btn"', 'href="https://x.example"'):
        assert words in filled


def test_the_attributes_in_use_are_offered_by_their_labels(workspace: Workspace) -> None:
    AttributeFactory.create(workspace=workspace, key="skin_type", label="Skin type")

    labels = {part.label: part.code for part in personal_parts(workspace)}

    assert labels["Skin type"] == "{{ contact.attributes.skin_type }}"
    assert labels["First name"] == '{{ contact.first_name | default: "friend" }}'
