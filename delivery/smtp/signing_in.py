"""AUTH (RFC 4954) with PLAIN or LOGIN, or with a token by XOAUTH2 or OAUTHBEARER (RFC 7628)."""

from base64 import b64encode
from collections.abc import Collection

from delivery.fates import RelayTrouble
from delivery.smtp.protocol import Connection
from delivery.smtp.replies import Phase, code_of, is_success, words
from emailops.lib.mailurl import MailSettings

GO_ON = 334


async def sign_in(connection: Connection, offered: Collection[str], mail: MailSettings, token: str) -> None:
    """Sign in by the first way that both sides know; by a token where there is one. Raises `RelayTrouble`."""
    ways = ("XOAUTH2", "OAUTHBEARER") if token else ("PLAIN", "LOGIN")
    way = next((way for way in ways if way in offered), None)
    if way is None:
        raise RelayTrouble(f"{mail.host} lets nobody sign in by {' or '.join(ways)}.", is_lasting=True)
    first, answers = _answers(way, mail, token)
    reply = await connection.ask(Phase.AUTH, f"AUTH {way} {first}".rstrip())
    while code_of(reply) == GO_ON and answers:
        reply = await connection.ask(Phase.AUTH, answers.pop(0))
    if not is_success(reply):
        # 5xx: the password is wrong, and trying it again locks the account. 4xx: the server cannot look it up now.
        raise RelayTrouble(words(reply), is_lasting=code_of(reply) >= 500)


def _answers(way: str, mail: MailSettings, token: str) -> tuple[str, list[str]]:
    """What stands in the command, and what is said to each 334 after it."""
    if way == "XOAUTH2":
        # After a 334 comes the reason for the refusal, to which an empty line is the answer.
        return _encoded(f"user={mail.user}\x01auth=Bearer {token}\x01\x01"), [""]
    if way == "OAUTHBEARER":
        user = mail.user.replace("=", "=3D").replace(",", "=2C")  # a saslname (RFC 5801 section 4)
        asked = f"n,a={user},\x01host={mail.host}\x01port={mail.port}\x01auth=Bearer {token}\x01\x01"
        return _encoded(asked), [_encoded("\x01")]  # the answer to the reason (RFC 7628 section 3.2.3)
    if way == "PLAIN":
        secret = _encoded(f"\0{mail.user}\0{mail.password}")
        return secret, [secret]
    return "", [_encoded(mail.user), _encoded(mail.password)]


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
