"""Of an uploaded picture nothing but its pixels is kept."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from workspaces.brand.logos import MOST_BYTES, LogoRefused, clean_logo


def picture(form: str = "PNG", size: tuple[int, int] = (60, 20), **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#2f4a3a").save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_pictures_become_png(form: str) -> None:
    kept = clean_logo(BytesIO(picture(form)))

    assert kept.png.startswith(b"\x89PNG")
    assert (kept.width, kept.height) == (60, 20)


def test_a_large_picture_is_made_to_fit() -> None:
    kept = clean_logo(BytesIO(picture(size=(3000, 1000))))

    assert (kept.width, kept.height) == (480, 160)


def test_nothing_but_pixels_is_kept() -> None:
    place = Image.Exif()
    place[0x010E] = "taken at 42.69N 23.32E"
    raw = picture("JPEG", exif=place) + b"<script>alert(1)</script>"

    kept = clean_logo(BytesIO(raw))

    assert b"42.69N" in raw
    assert b"42.69N" not in kept.png
    assert b"script" not in kept.png


def test_a_transparent_logo_stays_transparent() -> None:
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")

    kept = clean_logo(BytesIO(out.getvalue()))

    assert Image.open(BytesIO(kept.png)).getpixel((1, 1)) == (0, 0, 0, 0)


def _bomb() -> bytes:
    """A PNG that says it has 20,000 by 20,000 pixels."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"\0" * 99)) + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xef\xbb\xbf  <svg onload='alert(1)'/>", "SVG"),
        (b"GIF89a" + b"\0" * 40, "not a picture"),
        (b"%PDF-1.7", "not a picture"),
        (b"", "not a picture"),
        (b"\0" * (MOST_BYTES + 1), "larger than 1 MB"),
        (picture()[:60], "damaged"),
        (_bomb(), "not a picture|too many pixels"),
        (picture("GIF"), "not a picture"),
    ],
)
def test_anything_else_is_refused_in_plain_words(content: bytes, words: str) -> None:
    with pytest.raises(LogoRefused, match=words):
        clean_logo(BytesIO(content))
