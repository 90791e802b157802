"""Reading our own pages and mails."""

import re
from typing import Any

from django.core.mail import EmailMessage, EmailMultiAlternatives


def without_tokens(answer: Any) -> str:
    """The page of a test client's answer without the CSRF tokens, which are new on every request."""
    page: str = answer.content.decode()
    return re.sub(r'(csrfmiddlewaretoken" value=|"X-CSRFToken": )"\w+"', "", page)


def html_of(message: EmailMessage) -> str:
    """The HTML part of a mail."""
    assert isinstance(message, EmailMultiAlternatives)
    return str(message.alternatives[0][0])
