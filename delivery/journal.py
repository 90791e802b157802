"""A worker's own notes on what it is doing this instant: a file in memory that outlives the process, not the machine.

The ledger learns of messages by the hundred. What a killed worker leaves between two of its commits, the notes tell
apart: messages that never reached their final dot, messages that were answered, and, at most one for each connection,
messages of which nobody knows.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from delivery.fates import Fate
from delivery.models import Lane

SLOT = struct.Struct("<Q")
CODE_BITS, WORD_BITS = 10, 4
BEGUN, RETURNED = 0, 1  # the final dot is about to be written; the message came back undelivered
FATES = dict(enumerate(Fate, start=2))
WORDS = {fate: word for word, fate in FATES.items()}
SIZE = 8 * 1024 * 1024  # bytes; twice as many notes as a worker can make in one round


@dataclass(frozen=True, slots=True)
class Note:
    """The last word on a message: its fate and the server's code, or no fate while the answer is awaited."""

    fate: Fate | None
    code: int | None


class NoRoomForNotes(Exception):
    """The disk that holds the notes is full, or cannot be written to. Nothing may be sent without them."""


class Journal:
    """The notes of one lane. A note is one write of eight bytes into shared memory: nothing waits for a disk.

    The file is locked for as long as somebody may write into it, which the kernel sees to however the process ends.
    Raises `NoRoomForNotes` before anything is sent.
    """

    def __init__(self, lane: Lane) -> None:
        self.path = path_of(lane)
        try:
            self._file, self._notes = _opened(self.path)
        except OSError as error:
            raise NoRoomForNotes(error.strerror) from error
        self._end = 0

    @property
    def is_full(self) -> bool:
        """Whether the round should end: there is room for less than a quarter of what it began with."""
        return self._end > SIZE * 3 // 4

    def about_to_end(self, key: int) -> None:
        self._write(key, 0, BEGUN)

    def settled(self, key: int, fate: Fate, code: int | None) -> None:
        self._write(key, code or 0, WORDS[fate])

    def returned(self, key: int) -> None:
        self._write(key, 0, RETURNED)

    def _write(self, key: int, code: int, word: int) -> None:
        SLOT.pack_into(self._notes, self._end, (key << CODE_BITS | code) << WORD_BITS | word)
        self._end += SLOT.size

    def close(self) -> None:
        """Write no more. The file stays until the ledger has everything."""
        self._notes.close()
        self._file.close()


def _opened(path: Path) -> tuple[IO[bytes], mmap.mmap]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.posix_fallocate(file.fileno(), 0, SIZE)  # a full disk is an error now, not a signal at the first note
        return file, mmap.mmap(file.fileno(), SIZE)
    except OSError:
        file.close()
        path.unlink(missing_ok=True)
        raise


def path_of(lane: Lane) -> Path:
    """The moment stands in the name: after a restored backup a lane's number comes a second time."""
    path: Path = settings.VAR_DIR / "journal" / f"{lane.pk}-{lane.opened_at:%Y%m%d%H%M%S%f}.notes"
    return path


def is_being_written(lane: Lane) -> bool:
    """Whether a process of this machine still hands messages over for a lane, whatever became of its session."""
    try:
        file = path_of(lane).open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_notes(lane: Lane) -> dict[int, Note] | None:
    """The last note on each message of a lane, by delivery; None where this machine has no notes of it."""
    try:
        raw = path_of(lane).read_bytes()
    except FileNotFoundError:
        return None
    notes: dict[int, Note] = {}
    for key, code, word in _decoded(raw):
        if word == RETURNED:
            notes.pop(key, None)
        else:
            notes[key] = Note(FATES.get(word), code or None)
    return notes


def discard_notes(lane: Lane) -> None:
    path_of(lane).unlink(missing_ok=True)


def _decoded(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Message, code and word of each note."""
    for (slot,) in SLOT.iter_unpack(raw):
        if not slot:
            return
        yield slot >> CODE_BITS + WORD_BITS, slot >> WORD_BITS & (1 << CODE_BITS) - 1, slot & (1 << WORD_BITS) - 1
