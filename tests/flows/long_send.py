"""Print, as JSON, an API key and the id of a campaign that many people wait for.

Run by itself against the database of a stack, with the number of people.
"""

import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    from django.utils import timezone

    from audience.models import Contact
    from delivery.ledger import make_chunks
    from delivery.models import Delivery
    from tests.factories.audience import ContactFactory
    from tests.factories.delivery import DeliveryFactory, RunFactory
    from tests.factories.workspaces import MemberFactory
    from workspaces.permissions import SCOPES, Role
    from workspaces.services import create_api_key

    now, people = timezone.now(), int(sys.argv[1])
    lead = MemberFactory.create(role=Role.LEAD, user__email="lena@fern.example")
    run = RunFactory.create(workspace=lead.workspace, matched_count=people)
    readers = Contact.objects.bulk_create(ContactFactory.build_batch(people, workspace=lead.workspace))
    Delivery.objects.bulk_create(DeliveryFactory.build(run=run, contact=reader) for reader in readers)
    make_chunks(run)
    _key, secret = create_api_key(workspace=lead.workspace, name="flow", scopes=list(SCOPES), by=lead, now=now)
    print(json.dumps({"key": secret, "campaign": run.campaign_id}))  # noqa: T201  this is its answer
