"""What a file is, by its content: names and declared types come from whoever sends it.

Signatures are those of the formats' own documents (PNG specification section 5.2, RFC 9649 for WebP, ISO 32000-1 for
PDF, APPNOTE.TXT section 4.3.7 for ZIP, ECMA-376 part 2 for Office files).
"""

import io
import re
import unicodedata
import zipfile
from typing import IO

SIGNATURES: list[tuple[bytes, str]] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
]
ZIP = b"PK\x03\x04"
OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
MARKUP = re.compile(rb"<\s*(?:!doctype|html|head|body|svg|script|iframe|math|\?xml|!--)", re.IGNORECASE)
HEAD = 4096
"""So many bytes tell what a file is; a text is looked at in whole."""

TEXT, HTML, ARCHIVE = "text/plain", "text/html", "application/zip"
LONGEST_NAME = 120


def media_type_of(file: IO[bytes]) -> str:
    """The media type; empty for what we do not know. The file is read from its start and left there."""
    file.seek(0)
    head = file.read(HEAD)
    found = next((media_type for signature, media_type in SIGNATURES if head.startswith(signature)), "")
    if not found and head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = "image/webp"
    if not found and head.startswith(ZIP):
        found = _inside_zip(file)
    if not found and head:
        found = _text(file, head)
    file.seek(0)
    return found


def _inside_zip(file: IO[bytes]) -> str:
    file.seek(0)
    try:
        with zipfile.ZipFile(io.BytesIO(file.read())) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        return ""
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in OFFICE.items() if any(n.startswith(folder) for n in names)), ARCHIVE)
    return ARCHIVE


def _text(file: IO[bytes], head: bytes) -> str:
    """Text is what reads as UTF-8 and has no control characters but the usual ones."""
    file.seek(0)
    try:
        words = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    if any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in words):
        return ""
    return HTML if MARKUP.search(head) else TEXT


def safe_name(name: str) -> str:
    """A file name without folders, control characters and marks that turn the reading direction; never empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C" and letter not in '<>:"|?*')
    kept = " ".join(kept.split()).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        return kept[:LONGEST_NAME] or "file"
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"[:LONGEST_NAME] or "file"
