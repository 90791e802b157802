"""Pictures that strangers upload, made harmless: only their pixels are kept, as a PNG that we write ourselves.

Whatever else a file holds (a program in an SVG, a page behind a picture, the place where a photograph was taken) is
gone. A picture of far more pixels than its bytes suggest is refused before it is unpacked.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from emailops.lib.errors import DomainError

MOST_BYTES = 1024 * 1024
MOST_PIXELS = 4096 * 4096
BOX = (480, 160)  # pixels; shown at half of it, sharp on dense screens
FORMATS = ("PNG", "JPEG", "WEBP")


class LogoRefused(DomainError):
    """The file is not a picture that can be a logo."""

    code = "logo_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class Logo:
    """A PNG, and its size in pixels."""

    png: bytes
    width: int
    height: int


def clean_logo(file: IO[bytes]) -> Logo:
    """The picture as we keep it, at most 480 by 160 pixels. Raises `LogoRefused`."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise refused(_("The file is larger than 1 MB. Save the logo smaller."))
    if _is_markup(content):
        raise refused(_("SVG files can hold programs, so they are not taken. Save the logo as PNG, JPEG or WebP."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _redrawn(content)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refused(_("This is not a picture that can be read. PNG, JPEG and WebP can.")) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # how Pillow tells of pictures that end too early
        raise refused(_("The picture is damaged. Save it again, as PNG, JPEG or WebP.")) from error


def refused(words: str) -> LogoRefused:
    return LogoRefused(words, fields={"logo": [words]})


def _is_markup(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _redrawn(content: bytes) -> Logo:
    with Image.open(BytesIO(content), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise refused(_("The picture has too many pixels. 960 by 320 are plenty."))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(BOX)
    kept = Image.new("RGBA", upright.size)
    kept.paste(upright)  # a new picture has none of the old one's notes
    out = BytesIO()
    kept.save(out, "PNG", optimize=True)
    return Logo(out.getvalue(), *kept.size)
