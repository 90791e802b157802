"""The header lines in which readers differ (RFC 5322 section 2.2, RFC 2047)."""

import re
from base64 import b64encode
from email.utils import quote

from campaigns.compiled import NeedsReference
from campaigns.rendering import header_text

LONGEST_LINE = 76  # characters of a line that holds an encoded word (RFC 2047 section 2)
WORD_BYTES = 39  # of text in an encoded word: it fits beside `Subject: `
ENCODED = "=?"  # what a reader would take for an encoded word is left to the reference path
FOLD = re.compile(rb"(?<=[^ ]) (?=[^ ])")
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+)*@[A-Za-z0-9.-]+").fullmatch


def subject_line(subject: str) -> bytes:
    """The Subject header of a filled-in subject. Raises `NeedsReference` for what is not plain to encode."""
    text = header_text(subject)
    if not text.isascii():
        return b"Subject: " + b"\r\n ".join(encoded_words(text)) + b"\r\n"
    if ENCODED in text:
        raise NeedsReference
    return b"\r\n ".join(_lines(b"Subject: " + text.encode())) + b"\r\n"


def display_name(name: str) -> bytes:
    """What stands before the address in the To header, with the space between."""
    shown = header_text(name)
    if not shown:
        return b""
    if not shown.isascii():
        return b"\r\n ".join(encoded_words(shown)) + b" "
    if ENCODED in shown or len(shown) > LONGEST_LINE // 2:
        raise NeedsReference
    return f'"{quote(shown)}" '.encode()


def to_line(name: bytes, address: str) -> bytes:
    """The To header of a `display_name` and an address. Raises `NeedsReference` for unusual addresses."""
    if not ADDRESS(address) or ENCODED in address:
        raise NeedsReference
    if not name:
        return f"To: {address}\r\n".encode()
    last_line = len(name) - name.rfind(b"\n")
    if last_line + len(address) > LONGEST_LINE - len('To: "<>'):
        return b"To: " + name.rstrip(b" ") + f"\r\n <{address}>\r\n".encode()
    return b"To: " + name + f"<{address}>\r\n".encode()


def encoded_words(text: str) -> list[bytes]:
    """The text in words of at most 75 characters, each of whole characters (RFC 2047 section 5)."""
    raw, words = text.encode(), []
    while raw:
        end = WORD_BYTES
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # in the middle of a character
            end -= 1
        words.append(b"=?utf-8?b?" + b64encode(raw[:end]) + b"?=")
        raw = raw[end:]
    return words


def _lines(line: bytes) -> list[bytes]:
    """A line broken at single spaces, so that unfolding gives back what it was; a long word stays whole."""
    lines: list[bytes] = []
    for word in FOLD.split(line):
        if lines and len(lines[-1]) + len(word) < LONGEST_LINE:
            lines[-1] += b" " + word
        else:
            lines.append(word)
    return lines
