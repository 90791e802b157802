"""The ledger's moves. Each is one guarded statement: of two workers one succeeds.

A message is never sent twice knowingly: that it is about to be handed over is committed before it is. What is found in
that state without a living worker becomes `unknown`, never `queued`.

Rows that wait lie in chunks: a worker holds a chunk, and the chunk's mark says up to which row its intent is committed.
So a message costs the ledger one update, its outcome. What was tried before is held row by row.
"""

from delivery.ledger.chunks import (
    CHUNK,
    Hold,
    close_chunks,
    groups_left,
    has_waiting,
    head_of_queue,
    hold_chunks,
    is_pending,
    let_go,
    make_chunks,
    waiting_groups,
)
from delivery.ledger.lanes import LANE_KEYS, open_lane, reap
from delivery.ledger.moves import (
    Ask,
    Settlement,
    advance,
    leave_out_waiting,
    retake,
    send_again,
    settle,
    take_back,
)
from delivery.ledger.verdicts import RETRY_AFTER, SPREAD, Held

__all__ = [
    "CHUNK",
    "LANE_KEYS",
    "RETRY_AFTER",
    "SPREAD",
    "Ask",
    "Held",
    "Hold",
    "Settlement",
    "advance",
    "close_chunks",
    "groups_left",
    "has_waiting",
    "head_of_queue",
    "hold_chunks",
    "is_pending",
    "leave_out_waiting",
    "let_go",
    "make_chunks",
    "open_lane",
    "reap",
    "retake",
    "send_again",
    "settle",
    "take_back",
    "waiting_groups",
]
