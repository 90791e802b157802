"""Quoted-printable (RFC 2045 section 6.7) in pieces that are made at different times.

Each piece begins at the start of a line, and the piece after a value begins with the soft break that ends the value's
last line. So every line is within its 76 characters whatever the values are, and no line begins with a dot.
"""

import re

LONGEST_LINE = 73  # characters: two more where a dot begins it, and one for the soft break
SOFT_BREAK = b"=\r\n"
TOKEN_LENGTH = 30  # characters of a sealed number, which all may stand in a line as they are
ATOMS = (b"\x01", b"\x02", b"\x03")  # stand for tokens; as characters of a text they would be quoted
FILLER = b"\0"
ATOM = re.compile(b"[\x01-\x03]" + FILLER + b"{%d}" % (TOKEN_LENGTH - 1))
PLAIN = re.compile(r"[A-Za-z0-9 ,:/@_+?&;#%!()*-][A-Za-z0-9 .,:/@_+?&;#%!()*-]{0,69}").fullmatch
TO_QUOTE = re.compile(rb"[^\t -<>-~]")
LINE_END = re.compile(r"\r\n|\r|\n")


def quoted_value(text: str) -> bytes:
    """A value, for between two pieces of `quoted_piece`. Raises UnicodeEncodeError for half a surrogate pair."""
    if PLAIN(text):
        return text.encode()
    return quoted(_escaped(text))


def quoted_piece(parts: list[str | int], *, opens: bool, closes: bool) -> bytes:
    """Fixed text with the numbers of `ATOMS` where a token will stand.

    `opens` and `closes` say whether the text begins, or ends, with it: there stands no value before, or after.
    """
    raw = b"".join(_escaped(part) if isinstance(part, str) else _atom(part) for part in parts)
    made = quoted(_closed(raw) if closes else raw)
    before = b"" if opens else SOFT_BREAK
    after = b"" if closes or not made or made.endswith(b"\n") else SOFT_BREAK
    return before + made + after


def _atom(number: int) -> bytes:
    return ATOMS[number] + FILLER * (TOKEN_LENGTH - 1)


def _escaped(text: str) -> bytes:
    """Every byte that may not stand as it is, quoted; line ends as they are on the wire."""
    lines = LINE_END.split(text)
    return b"\r\n".join(TO_QUOTE.sub(lambda found: b"=%02X" % found[0][0], line.encode()) for line in lines)


def quoted(raw: bytes) -> bytes:
    """Escaped text in lines of the right length, without space at their ends."""
    *lines, last = raw.split(b"\r\n")
    return b"\r\n".join([*(_folded(_closed(line)) for line in lines), _folded(last)])


def _closed(line: bytes) -> bytes:
    """A line that ends with a line end: servers may drop the space before it."""
    return line[:-1] + b"=%02X" % line[-1] if line.endswith((b" ", b"\t")) else line


def _folded(line: bytes) -> bytes:
    pieces = []
    while len(line) > LONGEST_LINE:
        end = _last_break(line)
        pieces.append(_undotted(line[:end]))
        line = line[end:]
    return SOFT_BREAK.join([*pieces, _undotted(line)])


def _last_break(line: bytes) -> int:
    """Where the line can be broken at the latest: inside neither a quoted byte nor a token."""
    end = LONGEST_LINE
    if line[end - 1 : end] == b"=":
        return end - 1
    if line[end - 2 : end - 1] == b"=":
        return end - 2
    while line[end : end + 1] == FILLER:
        end -= 1
    return end


def _undotted(line: bytes) -> bytes:
    return b"=2E" + line[1:] if line.startswith(b".") else line
