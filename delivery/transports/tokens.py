"""Settings that are ready to sign in with."""

from dataclasses import replace

from delivery.fates import RelayTrouble
from emailops.lib.mailurl import MailSettings
from emailops.lib.oauth import TokenRefused, succeed, token_for


def with_token(mail: MailSettings) -> MailSettings:
    """The settings with an access token where they ask for one, and with the grant to use next time.

    Calls the token endpoint if no token is kept: not for the inside of a transaction. Raises `RelayTrouble`.
    """
    if mail.grant is None:
        return mail
    try:
        token = token_for(mail.grant)
    except TokenRefused as refused:
        raise RelayTrouble(str(refused), is_lasting=refused.is_lasting) from refused
    return replace(mail, token=token.access, grant=succeed(mail.grant, token))
