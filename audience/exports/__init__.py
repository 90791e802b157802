"""Tables for people and programs to take away, made while they are sent."""

from audience.exports.formats import ExportFormat, written
from audience.exports.tables import (
    CONTACT_EXPORT_COLUMNS,
    ExportRefused,
    ExportWhat,
    Wanted,
    export,
)

__all__ = [
    "CONTACT_EXPORT_COLUMNS",
    "ExportFormat",
    "ExportRefused",
    "ExportWhat",
    "Wanted",
    "export",
    "written",
]
