"""What went wrong between us and a mail server: a cause is that of the first rule that fits what happened.

Causes are stable and meant for programs; `delivery.transports.advice` has the words for people.
"""

import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from delivery.fates import Fate
from delivery.smtp.protocol import ConnectionEnded


class Stage(StrEnum):
    """A step on the way to a mail that is delivered."""

    SETTINGS = "settings"
    TOKEN = "token"  # noqa: S105  a stage
    RESOLVE = "resolve"
    CONNECT = "connect"
    GREET = "greet"
    ENCRYPT = "encrypt"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Mishap:
    """What happened. `code` and `status` are the server's reply code and enhanced code (RFC 3463) where it answered."""

    stage: Stage
    words: str
    host: str = ""
    port: int = 0
    code: int = 0
    status: str = ""
    error: BaseException | None = None
    fate: Fate | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits where everything fits that it names; patterns are searched without regard to case."""

    cause: str
    stages: frozenset[Stage] = frozenset()
    codes: frozenset[int] = frozenset()
    status: str = ""
    words: str = ""
    host: str = ""
    ports: frozenset[int] = frozenset()
    errors: tuple[type[BaseException], ...] = ()
    fate: Fate | None = None
    certificate: frozenset[int] = frozenset()
    """Results of the verification, as in OpenSSL's `x509_vfy.h`."""

    def fits(self, mishap: Mishap) -> bool:
        return all((
            not self.stages or mishap.stage in self.stages,
            not self.codes or mishap.code in self.codes,
            not self.ports or mishap.port in self.ports,
            self.fate in {None, mishap.fate},
            not self.errors or isinstance(mishap.error, self.errors),
            not self.certificate or getattr(mishap.error, "verify_code", None) in self.certificate,
            _is_found(self.status, mishap.status),
            _is_found(self.words, mishap.words),
            _is_found(self.host, mishap.host),
        ))  # fmt: skip


def _is_found(pattern: str, text: str) -> bool:
    return not pattern or re.search(pattern, text, re.IGNORECASE) is not None


def _at(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


def _codes(*codes: int) -> frozenset[int]:
    return frozenset(codes)


ENCRYPT, SIGN_IN, SENDER = _at(Stage.ENCRYPT), _at(Stage.SIGN_IN), _at(Stage.SENDER)
RECIPIENT, MESSAGE, GREET = _at(Stage.RECIPIENT), _at(Stage.MESSAGE), _at(Stage.GREET)
GOOGLE = r"(^|\.)(gmail|google|googlemail)\.com$"
MICROSOFT = r"(^|\.)(outlook|office365|hotmail|live)\.com$"
REFUSALS = _codes(530, 534, 535, 538, 550, 551, 552, 553, 554, 571)
LATER = _codes(421, 450, 451, 452, 454, 455)

RULES: tuple[Rule, ...] = (
    Rule("name_unknown", _at(Stage.RESOLVE), errors=(socket.gaierror, UnicodeError)),
    Rule("port_refused", _at(Stage.CONNECT), errors=(ConnectionRefusedError,)),
    Rule("port_25_blocked", _at(Stage.CONNECT), ports=_codes(25), errors=(TimeoutError,)),
    Rule("no_connection", _at(Stage.CONNECT), errors=(TimeoutError,)),
    Rule("no_route", _at(Stage.CONNECT), errors=(OSError,)),
    Rule("certificate_expired", certificate=_codes(10)),
    Rule("certificate_early", certificate=_codes(9)),
    Rule("certificate_other_name", certificate=_codes(62, 64)),
    Rule("certificate_self_signed", certificate=_codes(18, 19)),
    Rule("certificate_unknown", certificate=_codes(2, 20, 21)),
    Rule("certificate_bad", errors=(ssl.SSLCertVerificationError,)),
    Rule("no_tls_at_this_port", ENCRYPT, errors=(ssl.SSLError,), words="wrong.version.number|record.layer"),
    Rule("no_tls_at_this_port", ENCRYPT, words="no tls from the start.*before it was encrypted"),
    Rule("starttls_missing", ENCRYPT, words="offers no encryption"),
    Rule("starttls_refused", ENCRYPT, codes=REFUSALS | LATER | _codes(500, 501, 502, 503, 504)),
    Rule("tls_failed", ENCRYPT),
    Rule("clear_text_outside", words="is not in a private network"),
    Rule("tls_expected", GREET, ports=_codes(465), words="no answer|closed|broke"),
    Rule("not_smtp", GREET, words="not a reply|without an end|two codes|out of turn"),
    Rule("silent", GREET, words="no answer"),
    Rule("hung_up", GREET, words="closed|broke"),
    Rule("we_are_blocked", GREET, codes=REFUSALS),
    Rule("busy", GREET, codes=LATER),
    Rule("token_refused", _at(Stage.TOKEN)),
    Rule("password_in_clear", SIGN_IN, words="never sent in clear text"),
    Rule("no_way_to_sign_in", SIGN_IN, words="lets nobody sign in"),
    Rule("google_app_password", SIGN_IN, codes=_codes(534, 535), host=GOOGLE),
    Rule("google_app_password", SIGN_IN, words="application-specific password"),
    Rule("microsoft_no_passwords", SIGN_IN, words=r"basic authentication is disabled|5\.7\.139"),
    Rule("microsoft_sign_in", SIGN_IN, codes=_codes(535, 550), host=MICROSOFT),
    Rule("account_locked", SIGN_IN, words="locked|too many|suspend|disabled|blocked"),
    Rule("sign_in_later", SIGN_IN, codes=LATER),
    Rule("sign_in_refused", SIGN_IN, codes=_codes(501, 530, 534, 535, 538, 550, 553, 554)),
    Rule("silent", SENDER | RECIPIENT, errors=(ConnectionEnded,), words="no answer"),
    Rule("hung_up", SENDER | RECIPIENT, errors=(ConnectionEnded,)),
    Rule("encryption_required", SENDER | RECIPIENT, words="starttls|5\\.7\\.11|encryption required"),
    Rule("sign_in_needed", SENDER | RECIPIENT, codes=_codes(530, 538)),
    Rule("sender_later", SENDER, codes=LATER),
    Rule("sender_not_ours", SENDER, status=r"^5\.7\.|^5\.1\.[78]"),
    Rule("sender_not_ours", SENDER, words="not owned|not verified|not allowed|send as|denied|unauthori"),
    Rule("sender_refused", SENDER),
    Rule("relay_denied", RECIPIENT, words="relay"),
    Rule("recipient_later", RECIPIENT, codes=LATER),
    Rule("recipient_unknown", RECIPIENT, status=r"^5\.1\."),
    Rule("relay_denied", RECIPIENT, status=r"^5\.7\."),
    Rule("recipient_refused", RECIPIENT),
    Rule("message_unknown", MESSAGE, fate=Fate.UNKNOWN),
    Rule("message_later", MESSAGE, fate=Fate.LATER),
    Rule("key_refused", MESSAGE, words=r"\b(401|402|403)\b"),
    Rule("message_refused", MESSAGE),
    Rule("settings_incomplete", _at(Stage.SETTINGS)),
    Rule("silent", words="no answer"),
    Rule("hung_up", words="closed|broke"),
)


def cause_of(mishap: Mishap, rules: Iterable[Rule] = RULES) -> str:
    """The name of the cause: that of the first rule that fits, else `other`."""
    return next((rule.cause for rule in rules if rule.fits(mishap)), "other")
