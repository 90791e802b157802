"""Which answers of a server ask us to slow down, and which only mean this one message.

An answer that is not 4xx never does: 5xx is a refusal, and what to do about those is the breakers' matter.
"""

import re
from dataclasses import dataclass

TOO_MANY_REQUESTS = 429  # RFC 6585 section 4, from providers that speak HTTP
STATUS = re.compile(r"\b(4\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Sign:
    """A rule: the codes and words it fits (empty: any), and whether such an answer asks for less.

    Of several that fit the first counts.
    """

    asks_for_less: bool
    source: str
    code: int | None = None
    status: str = ""
    words: str = ""

    def fits(self, code: int, status: str, text: str) -> bool:
        return (
            self.code in {None, code}
            and re.fullmatch(self.status or ".*", status) is not None
            and re.search(self.words, text, re.IGNORECASE) is not None
        )


SIGNS = (
    Sign(False, "Harris, “The Next Step in the Spam Control War: Greylisting”, 2003", words=r"gr[ea]y-?list"),
    Sign(False, "RFC 3463 section 3.5, X.4.2: a connection that timed out", status=r"4\.4\.2"),
    Sign(False, "RFC 3463 section 3.3, X.2.2: one full mailbox", status=r"4\.2\.2"),
    Sign(True, "RFC 5321 section 4.2.3: the channel is closed; how large providers greet who is too fast", code=421),
    Sign(
        True,
        "RFC 3463 section 3.8, X.7.n: policy; Gmail's 4.7.28, Outlook's 4.7.5nn",
        status=r"4\.7\.\d+",
    ),
    Sign(True, "Gmail SMTP errors: 450 4.2.1, mail arrives at too high a rate", status=r"4\.2\.1"),
    Sign(True, "RFC 3463 section 3.5, X.4.5: congestion", status=r"4\.4\.5"),
    Sign(True, "RFC 3463 section 3.4, X.3.2: the system takes no mail now", status=r"4\.3\.2"),
    Sign(
        True,
        "what servers write that give no such code",
        words=r"too (many|much|fast|quick)|rate[ -]?limit|limit exceeded|exceeded .{0,40}(rate|limit|quota)"
        r"|slow(ing)? down|throttl|unexpected volume|\[TSS0\d\]|per (second|minute|hour|day)",
    ),
)


def asks_for_less(code: int | None, text: str, status: str = "") -> bool:
    """Whether an answer asks us to slow down. `status` is its enhanced code (RFC 3463); empty: the one in `text`."""
    if code == TOO_MANY_REQUESTS:
        return True
    if code is None or not 400 <= code < 500:
        return False
    found = STATUS.search(text)
    status = status or (found[1] if found else "")
    sign = next((sign for sign in SIGNS if sign.fits(code, status, text)), None)
    return sign is not None and sign.asks_for_less
