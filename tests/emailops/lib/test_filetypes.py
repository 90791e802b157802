"""What a file is, by its content, and a name that is safe to show and to save under."""

import io
import zipfile

import pytest

from emailops.lib.filetypes import media_type_of, safe_name
from tests.factories.talk import PNG


def _zip(*names: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return kept.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", ""),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (_zip("a.txt"), "application/zip"),
        (_zip("[Content_Types].xml", "word/document.xml"), WORD),
        (b"PK\x03\x04 but no archive", ""),
        ("Name;Größe\nSerum;30".encode(), "text/plain"),
        (b"  <!DOCTYPE html><p>", "text/html"),
        (b"words first <script>alert(1)</script>", "text/html"),
        (b"<svg xmlns='x'>", "text/html"),
        (b"\x00\x01\x02", ""),
        (b"\xff\xfe\x00", ""),
        (b"", ""),
    ],
)
def test_the_content_says_what_a_file_is(content: bytes, media_type: str) -> None:
    file = io.BytesIO(content)

    assert media_type_of(file) == media_type
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("serum.png", "serum.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.docx", "plan.docx"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  .hidden  ", "hidden"),
        ("", "file"),
        ("///", "file"),
        ("план на лято.pdf", "план на лято.pdf"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("x" * 300 + ".pdf").endswith("x.pdf")
    assert len(safe_name("x" * 300 + ".pdf")) == 120
