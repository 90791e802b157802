"""What is refused of mail servers."""

from emailops.lib.errors import DomainError


class TransportRefused(DomainError):
    """The mail server cannot be so, or this cannot be done to it now."""

    code = "transport_refused"
