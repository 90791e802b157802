"""The way through a provider's HTTP API: any that django-anymail speaks to, in batches where the provider has them."""

from collections.abc import Callable, Sequence
from email.errors import MessageError
from functools import partial
from typing import Any, cast

import requests
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from urllib3.exceptions import MaxRetryError, NewConnectionError

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.transports.batches import BATCHES, Batch, post_together, split
from delivery.transports.sessions import words_of
from emailops.lib.mailurl import MailSettings

NOT_OURS_TO_FIX = {401, 402, 403, 404, 405, 407}  # the account, its plan, its address: the same for every message
TOO_LARGE = 413  # RFC 9110 section 15.5.14
BUSY = {408, 425, 429, 503}  # the request was not processed (RFC 9110, RFC 6585, RFC 8470)
REFUSED_TOGETHER = {Fate.CONTENT_REFUSED, Fate.TOO_BIG, Fate.ADDRESS_REFUSED, Fate.UNBUILDABLE}


class ProviderSession:
    """Any provider that django-anymail speaks to."""

    def __init__(self, mail: MailSettings) -> None:
        self._batch = BATCHES.get(mail.provider)
        try:
            self._connection: Any = get_connection(mail.backend, **cast("dict[str, Any]", mail.options))
        except (ImproperlyConfigured, ImportError) as error:
            raise RelayTrouble(words_of(error), is_lasting=True) from error
        if isinstance(self._connection, AnymailRequestsBackend):
            # A redirect would take key and mail to an address that nobody looked at.
            self._connection.create_session = partial(_session_without_redirects, self._connection.create_session)

    @property
    def most_at_once(self) -> int:
        """How many messages one call may carry, and so how many one call without an answer leaves unknown."""
        return self._batch.most if self._batch else 1

    @property
    def address(self) -> str:
        """Where the provider's API is; empty where its own library knows."""
        return str(getattr(self._connection, "api_url", ""))

    def ready(self) -> None:
        """Each call connects for itself."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        try:
            self._connection.send_messages([message])
        except Exception as error:  # noqa: BLE001  # told apart there; what nobody foresaw is raised again
            return outcome_of(error)
        return Outcome(Fate.ACCEPTED)

    def send_batch(self, messages: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
        """Hand over messages from one sender to one recipient each, in as few calls as the provider allows.

        Returns an outcome for each, in their order. Raises `RelayTrouble`; then nothing was delivered. Where trouble
        comes after some were delivered, the rest is to be tried later.
        """
        outcomes: list[Outcome] = []
        for part in split(messages, self._batch):
            try:
                outcomes += self._send_part(self._batch, part)
            except RelayTrouble as trouble:
                if not outcomes:
                    raise
                rest = len(messages) - len(outcomes)
                return outcomes + [Outcome(Fate.LATER, None, str(trouble))] * rest
        return outcomes

    def _send_part(self, batch: Batch | None, part: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
        if batch is None or len(part) == 1:
            return [self.send(message, sender="", recipient="") for message in part]
        try:
            return post_together(self._connection, batch, part)
        except Exception as error:  # noqa: BLE001  # as above
            outcome = outcome_of(error)
        if outcome.fate in REFUSED_TOGETHER:
            # Nothing of the batch was taken, because of one of them: each is given by itself, and one alone is blamed.
            return self._one_by_one(part)
        return [outcome] * len(part)

    def _one_by_one(self, part: Sequence[EmailMultiAlternatives]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for message in part:
            try:
                outcomes.append(self.send(message, sender="", recipient=""))
            except RelayTrouble as trouble:
                if not outcomes:
                    raise
                return outcomes + [Outcome(Fate.LATER, None, str(trouble))] * (len(part) - len(outcomes))
        return outcomes


def _session_without_redirects(create: Callable[[], requests.Session]) -> requests.Session:
    session = create()
    session.request = partial(session.request, allow_redirects=False)  # type: ignore[method-assign]  # its own, with one argument fixed
    return session


def outcome_of(error: Exception) -> Outcome:
    """What an error of anymail's means for the message. Raises `RelayTrouble`, or the error itself if it is ours."""
    match error:
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return Outcome(Fate.ADDRESS_REFUSED, None, words_of(error))
        case AnymailRequestsAPIError():
            return _answered(error)
        case AnymailSerializationError() | AnymailUnsupportedFeature():
            return Outcome(Fate.UNBUILDABLE, None, words_of(error))
        case AnymailError():
            raise RelayTrouble(words_of(error), is_lasting=True) from error
        case requests.RequestException() | OSError():
            raise RelayTrouble(words_of(error), is_lasting=False) from error
        case ValueError() | LookupError() | MessageError():
            return Outcome(Fate.UNBUILDABLE, None, words_of(error))
    raise error


def _answered(error: AnymailRequestsAPIError) -> Outcome:
    """What a provider's HTTP status means for the message (RFC 9110 section 15). Raises `RelayTrouble`."""
    if error.response is None:
        return _without_answer(error)
    code = error.response.status_code
    if code in NOT_OURS_TO_FIX or 300 <= code < 400:
        raise RelayTrouble(words_of(error), is_lasting=True) from error
    if code in BUSY:
        return Outcome(Fate.LATER, code, words_of(error))
    if code == TOO_LARGE:
        return Outcome(Fate.TOO_BIG, code, words_of(error))
    if 400 <= code < 500:
        return Outcome(Fate.CONTENT_REFUSED, code, words_of(error))
    return Outcome(Fate.UNKNOWN, code, words_of(error))  # it broke somewhere between taking and answering


def _without_answer(error: AnymailRequestsAPIError) -> Outcome:
    """No connection: nothing was delivered. A connection without an answer: nobody knows."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        raise RelayTrouble(words_of(error), is_lasting=False) from error
    cause = error.__cause__
    reason = cause.args[0] if cause and cause.args else None
    if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError):
        raise RelayTrouble(words_of(error), is_lasting=False) from error
    return Outcome(Fate.UNKNOWN, None, words_of(error))
