"""Ugly files, each with what has to come of it."""

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openpyxl import Workbook

ANN, BOB = "ann@example.org", "bob@example.org"
CYRILLIC = "Почта;Имя;Город\nann@example.org;Анна;Пловдив\nbob@example.org;Борис;Бургас\n"
WESTERN = "E-Mail;Vorname;Ort\nann@example.org;Jörg;Köln\nbob@example.org;Zoë;Orléans\n"


@dataclass(frozen=True)
class Ugly:
    """A file, and who comes of it: first name by address; how many rows are refused; or why all of it is."""

    name: str
    raw: bytes
    people: dict[str, str] = field(default_factory=dict)
    refused: Sequence[str] = ()
    broken: str = ""
    filename: str = "people.csv"


def workbook(*sheets: Sequence[Sequence[Any]], hidden: int = -1) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        if number == hidden:
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def lines(*values: Any) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


SIMPLE = "email,first name\nann@example.org,Ann\nbob@example.org,Bob\n"
BOTH = {ANN: "Ann", BOB: "Bob"}
CYRILLIC_PEOPLE = {ANN: "Анна", BOB: "Борис"}
WESTERN_PEOPLE = {ANN: "Jörg", BOB: "Zoë"}

CORPUS = [
    Ugly("plain", SIMPLE.encode(), BOTH),
    Ugly("UTF-8 with a byte order mark", SIMPLE.encode("utf-8-sig"), BOTH),
    Ugly("UTF-16 with a byte order mark", SIMPLE.encode("utf-16"), BOTH),
    Ugly("UTF-16 little-endian without a mark", SIMPLE.encode("utf-16-le"), BOTH),
    Ugly("UTF-16 big-endian without a mark", SIMPLE.encode("utf-16-be"), BOTH),
    Ugly("Cyrillic in UTF-8", CYRILLIC.encode(), CYRILLIC_PEOPLE),
    Ugly("Cyrillic in Windows-1251", CYRILLIC.encode("cp1251"), CYRILLIC_PEOPLE),
    Ugly("Cyrillic in UTF-16", CYRILLIC.encode("utf-16"), CYRILLIC_PEOPLE),
    Ugly("German in Windows-1252", WESTERN.encode("cp1252"), WESTERN_PEOPLE),
    Ugly("German in UTF-8", WESTERN.encode(), WESTERN_PEOPLE),
    Ugly("tabs", SIMPLE.replace(",", "\t").encode(), BOTH),
    Ugly("bars", SIMPLE.replace(",", "|").encode(), BOTH),
    Ugly("colons", SIMPLE.replace(",", ":").encode(), BOTH),
    Ugly("carets", SIMPLE.replace(",", "^").encode(), BOTH),
    Ugly("the delimiter named in a line before the header", b"sep=;\n" + SIMPLE.replace(",", ";").encode(), BOTH),
    Ugly(
        "semicolons with commas in decimals",
        b"email;first name;shoe, size\nann@example.org;Ann;36,5\nbob@example.org;Bob;42,0\n",
        BOTH,
    ),
    Ugly("ends of lines as on Windows", SIMPLE.replace("\n", "\r\n").encode(), BOTH),
    Ugly("ends of lines as on an old Mac", SIMPLE.replace("\n", "\r").encode(), BOTH),
    Ugly("no end of the last line", SIMPLE.rstrip().encode(), BOTH),
    Ugly("empty lines between", SIMPLE.replace("\n", "\n\n,,\n").encode(), BOTH),
    Ugly("spaces around everything", b" email , first name \n ann@example.org , Ann \n bob@example.org,Bob\n", BOTH),
    Ugly("quotes over lines", b'email,first name\nann@example.org,"Ann\nMarie"\n', {ANN: "Ann\nMarie"}),
    Ugly("quotes in quotes", b'email,first name\nann@example.org,"Ann ""Annie"" Lee"\n', {ANN: 'Ann "Annie" Lee'}),
    Ugly("a delimiter in quotes", b'email,first name\nann@example.org,"Ann, Dr."\n', {ANN: "Ann, Dr."}),
    Ugly("a quote that is never closed", b'email,first name\nann@example.org,"Ann\n', broken="never closed"),
    Ugly("no header", b"\n\n\n", broken="no header"),
    Ugly("nothing at all", b"", broken="no header"),
    Ugly("a header alone", b"email,first name\n"),
    Ugly("a zero byte", b"email\nann@example.org\0\n", broken="zero byte"),
    Ugly("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(64), broken="zero byte"),
    Ugly("a line without an end", b"email\n" + b"x" * 300_000, broken="longer than"),
    Ugly("columns beyond counting", b",".join([b"email"] * 201) + b"\n", broken="201 columns"),
    Ugly(
        "rows that are too short and too long",
        b"email,first name\nann@example.org\nbob@example.org,Bob,the second\ncid@example.org,Cid,,\n",
        {ANN: "", "cid@example.org": "Cid"},
        ["cells for 2 columns"],
    ),
    Ugly(
        "the same person three times",
        b"email,first name\nann@example.org,Ann\nANN@example.org,Anne\n Ann@Example.ORG ,Anna\n",
        {ANN: "Ann"},
        ["stands on line 2", "stands on line 2"],
    ),
    Ugly(
        "addresses that are none",
        b"email\nann\n@example.org\nann@\nann@localhost\na b@example.org\nann@@example.org\n.ann@example.org\n",
        {},
        [*["not an e-mail address"] * 3, "not a domain name", *["not an e-mail address"] * 2, "a dot too many"],
    ),
    Ugly("an address with a link before it", b"email\nmailto:ann@example.org\n", {ANN: ""}),
    Ugly("an international domain", "email\nann@bücher.example\n".encode(), {"ann@xn--bcher-kva.example": ""}),
    Ugly(
        "the address under a name that says nothing",
        b"x,y\nAnn,ann@example.org\nBob,bob@example.org\n",
        {ANN: "", BOB: ""},
    ),
    Ugly(
        "formulas",
        b"email,first name\nann@example.org,=1+1\nbob@example.org,'=HYPERLINK()\n",
        {ANN: "=1+1", BOB: "=HYPERLINK()"},
    ),
    Ugly("backslashes and tabs in texts", b'email,first name\nann@example.org,"A\\N\tn\\\\"\n', {ANN: "A\\N\tn\\\\"}),
    Ugly("a control character", b"email,first name\nann@example.org,A\x1fnn\n", {}, ["control character"]),
    Ugly(
        "whole names",
        b"email,name\nann@example.org,Ann Lee\nbob@example.org,Bob van Dam\n",
        {ANN: "Ann", BOB: "Bob van"},
    ),
    Ugly(
        "a language nobody speaks here",
        b"email,language\nann@example.org,tlh\nbob@example.org,en-GB\n",
        {BOB: ""},
        ["not one of our languages"],
    ),
    Ugly(
        "countries",
        "email,country\nann@example.org,България\nbob@example.org,Atlantis\n".encode(),
        {ANN: ""},
        ["not a country"],
    ),
    Ugly(
        "phones",
        b"email,phone\nann@example.org,+359 (88) 123-45-67\nbob@example.org,call me\n",
        {ANN: ""},
        ["not a phone number"],
    ),
    Ugly("gzip", gzip.compress(SIMPLE.encode()), BOTH, filename="people.csv.gz"),
    Ugly("gzip of another code page", gzip.compress(CYRILLIC.encode("cp1251")), CYRILLIC_PEOPLE),
    Ugly("a workbook in gzip", gzip.compress(b"PK\x03\x04" + b"0" * 99), broken="Unpack it"),
    Ugly("gzip cut off", gzip.compress(SIMPLE.encode() * 999)[:-30], broken="gzip file is damaged"),
    Ugly("a gzip bomb", gzip.compress(b"email\n" + b"\n" * 40_000_000), broken="far more than"),
    Ugly("JSON lines", lines({"email": ANN, "first name": "Ann"}, {"first name": "Bob", "email": BOB}), BOTH),
    Ugly(
        "JSON lines with new keys, nothing and objects",
        lines({"email": ANN}, {"email": BOB, "first name": None, "address": {"city": "Sofia"}, "n": [1, 2]}),
        {ANN: "", BOB: ""},
    ),
    Ugly(
        "JSON lines of which one is broken",
        lines({"email": ANN, "first name": "Ann"}) + b"{oops\n" + lines([1], {"email": BOB, "first name": "Bob"}),
        BOTH,
        ["not a JSON object", "not a JSON object"],
    ),
    Ugly("JSON that is not lines", json.dumps([{"email": ANN}], indent=2).encode(), broken="not one object a line"),
    Ugly("JSON lines gzipped", gzip.compress(lines({"email": ANN, "first name": "Ann"})), {ANN: "Ann"}),
    Ugly("a workbook", workbook([["email", "first name"], [ANN, "Ann"], [BOB, "Bob"]]), BOTH, filename="people.xlsx"),
    Ugly(
        "a workbook with a hidden sheet first and empty rows",
        workbook([["secret"]], [[], ["email", "first name"], [], [ANN, "Ann"], [None], [BOB, "Bob"]], hidden=0),
        BOTH,
    ),
    Ugly(
        "a workbook of numbers, days and truths",
        workbook([["email", "first name", "n"], [ANN, 7, date(2026, 5, 1)], [BOB, True, 2.5]]),
        {ANN: "7", BOB: "true"},
    ),
    Ugly("a workbook cut off", workbook([["email"], [ANN]])[:-400], broken="workbook is damaged"),
    Ugly("an archive that is no workbook", archive(readme=b"hello"), broken="not an Excel workbook"),
    Ugly(
        "a workbook that is a bomb",
        archive(**{"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * 30_000_000}),
        broken="more than can be read",
    ),
    Ugly(
        "a workbook with entities",
        archive(**{"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        broken="no spreadsheet writes",
    ),
    Ugly("a workbook of an old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), broken="old Excel"),
]
