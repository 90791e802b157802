"""Many messages in one call to a provider, each with content and headers of its own.

django-anymail makes a batch of one message with many recipients: it writes the provider's envelope, gives each
recipient headers of his own (`merge_headers`) and reads the answer recipient by recipient. What it has no word for is a
whole body for each. Where the provider's request has an entry for each recipient, we write subject, text and HTML into
it; Mailgun fills whole bodies in by its recipient variables. Where neither is so, there is one call for each message:

- SparkPost answers a batch with counts only: one refusal would make all of it unknown.
- SendGrid fills in at most 10,000 bytes for a recipient, and django-anymail no longer supports it.
- Mandrill and Unisender Go have no headers for each recipient, Amazon SES only with a template kept there.
- MailerSend's bulk call does not say what became of anybody. Postal and Scaleway have no batches.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailRequestsAPIError
from anymail.message import AnymailMessage, AnymailRecipientStatus
from django.core.mail import EmailMultiAlternatives

from delivery.fates import Fate, Outcome

MOST = 100  # messages a call, though some providers take 1,000: a call without an answer leaves all of its unknown
MOST_BYTES = 8 * 1024 * 1024  # of subjects and bodies a call; Mailgun's limit is the lowest, 25 MB once encoded
FATES = {
    "sent": Fate.ACCEPTED,
    "queued": Fate.ACCEPTED,
    "invalid": Fate.ADDRESS_REFUSED,
    "rejected": Fate.ADDRESS_REFUSED,
    "failed": Fate.CONTENT_REFUSED,
}
Read = Callable[[Any], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Batch:
    """How one provider takes many messages: where the list of entries stands, and what their parts are called.

    Without names the provider fills the parts in by merge fields. `read` tells the outcomes from an answer over which
    anymail stumbles as a whole, entry by entry.
    """

    most: int
    entries: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    read: Read | None = None

    @property
    def is_filled_in(self) -> bool:
        return not self.subject


def _read_postmark(said: Any) -> list[Outcome]:
    """Postmark's answer for each message, in their order: https://postmarkapp.com/developer/api/email-api"""
    return [_one_of_postmark(one) for one in said]


def _one_of_postmark(one: Any) -> Outcome:
    code, words = int(one["ErrorCode"]), str(one["Message"])
    if code == 0:
        return Outcome(Fate.ACCEPTED, None, words)
    is_address = code == 406 or (code == 300 and "'To'" in words)
    return Outcome(Fate.ADDRESS_REFUSED if is_address else Fate.CONTENT_REFUSED, code, words)


BATCHES: dict[str, Batch] = {
    "brevo": Batch(MOST, "messageVersions", "subject", "textContent", "htmlContent"),
    "mailgun": Batch(MOST),
    "mailjet": Batch(50, "Messages", "Subject", "TextPart", "HTMLPart"),
    "mailtrap": Batch(MOST, "requests", "subject", "text", "html"),
    "postmark": Batch(MOST, "", "Subject", "TextBody", "HtmlBody", _read_postmark),
    "resend": Batch(MOST, "", "subject", "text", "html"),
}
"""By the name of anymail's backend. Without `entries` the request is itself the list."""


def split(
    messages: Sequence[EmailMultiAlternatives], batch: Batch | None
) -> Iterator[Sequence[EmailMultiAlternatives]]:
    """The messages in their order, in parts that may go together; one by one where nothing may."""
    part: list[EmailMultiAlternatives] = []
    size, seen = 0, set[str]()
    for message in messages:
        address, own = recipient_of(message), _size(message)
        fits = batch is not None and len(part) < batch.most and size + own <= MOST_BYTES
        # Entries are told apart by their address, and anymail rewrites one that is not ASCII.
        if part and not (fits and address.isascii() and address.lower() not in seen):
            yield part
            part, size, seen = [], 0, set()
        part.append(message)
        size, seen = size + own, seen | {address.lower()}
        if not address.isascii():
            yield part
            part, size, seen = [], 0, set()
    if part:
        yield part


def recipient_of(message: EmailMultiAlternatives) -> str:
    return parseaddr(message.to[0])[1]


def _size(message: EmailMultiAlternatives) -> int:
    return len(str(message.subject)) + len(str(message.body).encode()) + len(html_of(message).encode())


def html_of(message: EmailMultiAlternatives) -> str:
    return next((str(content) for content, kind in message.alternatives if kind == "text/html"), "")


def post_together(connection: Any, batch: Batch, messages: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
    """Post messages in one call and return what became of each, in their order. Raises anymail's errors.

    `connection` is an anymail backend that is not open. All messages are from one sender; each has one recipient.
    """
    envelope = _envelope(batch, messages)
    payload = connection.build_message_payload(envelope, connection.send_defaults)
    if not batch.is_filled_in:
        written = _written(batch, payload.serialize_data(), messages)
        payload.serialize_data = lambda: written
    was_opened = connection.open()
    try:
        response = connection.post_to_esp(payload, envelope)
        statuses = _statuses(connection, batch, response, payload, envelope)
    finally:
        if was_opened:
            connection.close()
    if isinstance(statuses, list):
        return statuses
    known = {address.lower(): status for address, status in statuses.items()}
    return [_outcome(known.get(recipient_of(message).lower())) for message in messages]


def _envelope(batch: Batch, messages: Sequence[EmailMultiAlternatives]) -> AnymailMessage:
    """One message to all of them, with each one's own headers and data."""
    first = messages[0]
    envelope = AnymailMessage(
        subject="%recipient.subject%" if batch.is_filled_in else first.subject,
        body="%recipient.text%" if batch.is_filled_in else first.body,
        from_email=first.from_email,
        to=[message.to[0] for message in messages],
        reply_to=first.reply_to,
    )
    envelope.attach_alternative("%recipient.html%" if batch.is_filled_in else html_of(first), "text/html")
    envelope.merge_headers = {recipient_of(message): dict(message.extra_headers) for message in messages}
    if batch.is_filled_in:
        envelope.merge_data = {recipient_of(message): _parts(message) for message in messages}
    metadata = {recipient_of(message): getattr(message, "metadata", None) for message in messages}
    if any(metadata.values()):
        envelope.merge_metadata = {address: own for address, own in metadata.items() if own}
    return envelope


def _parts(message: EmailMultiAlternatives) -> dict[str, str]:
    return {"subject": str(message.subject), "text": str(message.body), "html": html_of(message)}


def _written(batch: Batch, data: str, messages: Sequence[EmailMultiAlternatives]) -> str:
    """The request with each recipient's own parts in his entry; anymail keeps the entries in the order of `to`."""
    request = json.loads(data)
    entries = request[batch.entries] if batch.entries else request
    for entry, message in zip(entries, messages, strict=True):
        parts = _parts(message)
        entry |= {batch.subject: parts["subject"], batch.text: parts["text"], batch.html: parts["html"]}
    return json.dumps(request)


def _statuses(
    connection: Any, batch: Batch, response: Any, payload: Any, envelope: AnymailMessage
) -> dict[str, AnymailRecipientStatus] | list[Outcome]:
    try:
        found: dict[str, AnymailRecipientStatus] = connection.parse_recipient_status(response, payload, envelope)
    except AnymailRequestsAPIError:
        outcomes = _read_each(batch, response)
        if len(outcomes) != len(envelope.to):
            raise
        return outcomes
    return found


def _read_each(batch: Batch, response: Any) -> list[Outcome]:
    try:
        return batch.read(response.json()) if batch.read else []
    except (ValueError, LookupError, TypeError):
        return []


def _outcome(status: AnymailRecipientStatus | None) -> Outcome:
    if status is None or status.status not in FATES:
        return Outcome(Fate.UNKNOWN, None, "The provider did not say what became of it.")
    words = f"{status.status} {status.message_id}" if status.message_id else status.status
    return Outcome(FATES[status.status], None, words)
