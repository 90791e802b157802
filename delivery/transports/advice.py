"""What to say of each step of a trial and of each cause of a failure: what is wrong, and what to do about it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.transports.explain import Stage

Words = str | Promise

STAGE_WORDS: dict[str, Words] = {
    Stage.SETTINGS: _("Settings are complete"),
    Stage.TOKEN: _("Fetch an access token"),
    Stage.RESOLVE: _("Find the server by its name"),
    Stage.CONNECT: _("Connect"),
    Stage.GREET: _("Be welcomed"),
    Stage.ENCRYPT: _("Encrypt, and check the certificate"),
    Stage.SIGN_IN: _("Sign in"),
    Stage.SENDER: _("May send as"),
    Stage.RECIPIENT: _("Takes mail for"),
    Stage.MESSAGE: _("Takes a test mail for"),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, and what to do."""

    what: Words
    remedy: Words


ADVICE: dict[str, Advice] = {
    "name_unknown": Advice(_("No server has this name."), _("Look for a slip of the pen in the server’s name.")),
    "port_refused": Advice(
        _("Nothing listens at this port of the server."),
        _("Most servers take mail at port 587 with STARTTLS or at port 465 with TLS."),
    ),
    "port_25_blocked": Advice(
        _("The server does not answer at port 25."),
        _("Many networks let nobody out at port 25. Use port 587 with STARTTLS, or ask your hosting company."),
    ),
    "no_connection": Advice(
        _("The server does not answer at this port."),
        _("Check the port. A firewall between here and there may swallow the connection; ask who runs the network."),
    ),
    "no_route": Advice(
        _("The server cannot be reached from here."), _("Ask who runs this network whether it leads to the server.")
    ),
    "certificate_expired": Advice(
        _("The server’s certificate has expired, so nobody knows whose server it is."),
        _("Ask who runs the server to renew the certificate. Until then no password goes there."),
    ),
    "certificate_early": Advice(
        _("The server’s certificate is not valid yet."),
        _("Check the clock of this machine, then ask who runs the server."),
    ),
    "certificate_other_name": Advice(
        _("The server’s certificate is for another name."),
        _("Use the name that the certificate has, as your provider writes it; an IP address seldom is in one."),
    ),
    "certificate_self_signed": Advice(
        _("The server has signed its certificate itself, so anybody could have made it."),
        _("Ask for a certificate of a public authority (Let’s Encrypt is free), or have the operator trust this one."),
    ),
    "certificate_unknown": Advice(
        _("Nobody whom we trust has signed the server’s certificate."),
        _("Often the server does not send the certificates in between: ask who runs it to install the full chain."),
    ),
    "certificate_bad": Advice(
        _("The server’s certificate cannot be trusted."), _("Ask who runs the server; the words below say why.")
    ),
    "no_tls_at_this_port": Advice(
        _("The server does not speak TLS from the start at this port."),
        _("Choose STARTTLS as the encryption, or port 465."),
    ),
    "starttls_missing": Advice(
        _("The server offers no STARTTLS at this port."),
        _("Try port 465 with TLS from the start. We never fall back to sending in clear text."),
    ),
    "starttls_refused": Advice(
        _("The server offered encryption and then refused it."), _("Try again later, or port 465 with TLS.")
    ),
    "tls_failed": Advice(
        _("The encryption could not be agreed on."),
        _("The server may know only versions of TLS no longer safe, or the connection is being tampered with."),
    ),
    "clear_text_outside": Advice(
        _("Without encryption we speak only to servers in a private network, and this one is not in it."),
        _("Choose STARTTLS or TLS."),
    ),
    "tls_expected": Advice(
        _("The server waits for something else than we say: at port 465 that is TLS."),
        _("Choose TLS from the start as the encryption."),
    ),
    "not_smtp": Advice(
        _("What answers at this port is not a mail server."), _("Check the port: 587 or 465 for mail that leaves.")
    ),
    "silent": Advice(_("The server took the connection and said nothing."), _("Check port and encryption; try again.")),
    "hung_up": Advice(
        _("The server hung up on us."),
        _("It may not know the address of this machine, or be busy. Ask who runs it whether connections are limited."),
    ),
    "we_are_blocked": Advice(
        _("The server wants no mail from this machine."),
        _("Its address may stand on a block list, or the server serves only its own network. Its words say which."),
    ),
    "busy": Advice(_("The server is busy."), _("Try again in a few minutes.")),
    "token_refused": Advice(
        _("There is no access token."),
        _(
            "Check token endpoint, client ID and secret. A refresh token ends when the password changes or access is "
            "taken away; then give consent again and enter the new one."
        ),
    ),
    "password_in_clear": Advice(
        _("A password is never sent in clear text over a network."), _("Choose STARTTLS or TLS.")
    ),
    "no_way_to_sign_in": Advice(
        _("The server lets nobody sign in the way that is chosen here."),
        _("Many servers do so only once the connection is encrypted; others want a token instead of a password."),
    ),
    "google_app_password": Advice(
        _("Google refuses the user name and password."),
        _(
            "Google takes no ordinary password here. Turn on 2-step verification and make an app password at "
            "myaccount.google.com/apppasswords, or use OAuth 2."
        ),
    ),
    "microsoft_no_passwords": Advice(
        _("Microsoft has switched off passwords for sending by SMTP."),
        _("Use OAuth 2, or have an administrator allow authenticated SMTP for this mailbox."),
    ),
    "microsoft_sign_in": Advice(
        _("Microsoft refuses the user name and password."),
        _(
            "Authenticated SMTP must be allowed for the mailbox. With 2-step verification it takes an app password "
            "or OAuth 2."
        ),
    ),
    "account_locked": Advice(
        _("The server has locked this account, or sign-in from here."),
        _("Do not try again at once: each attempt prolongs it. Sign in at the provider’s site and look what it says."),
    ),
    "sign_in_later": Advice(_("The server cannot check passwords right now."), _("Try again in a few minutes.")),
    "sign_in_refused": Advice(
        _("User name or password is wrong."),
        _("The user name is often the whole address. Some providers want a password made for programs."),
    ),
    "encryption_required": Advice(_("The server takes mail only encrypted."), _("Choose STARTTLS or TLS.")),
    "sign_in_needed": Advice(_("The server wants us to sign in first."), _("Enter user name and password.")),
    "sender_later": Advice(_("The server does not take mail from this sender right now."), _("Try again later.")),
    "sender_not_ours": Advice(
        _("This account may not send from this address."),
        _("Have the address or its domain verified with whoever runs the server, or use a sender that is."),
    ),
    "sender_refused": Advice(
        _("The server does not take mail from this sender."), _("Its words say why; compare the sender’s address.")
    ),
    "relay_denied": Advice(
        _("The server does not pass mail on to other domains for us."),
        _("Sign in, or have it allow the address of this machine. A server that only receives is not the one to use."),
    ),
    "recipient_later": Advice(
        _("The server does not take mail for this address right now."),
        _("That is how greylisting looks: the first mail is put off for some minutes. Mail would be tried again."),
    ),
    "recipient_unknown": Advice(_("The server knows no such mailbox."), _("Check your own address in your profile.")),
    "recipient_refused": Advice(_("The server takes no mail for this address."), _("Its words say why.")),
    "message_unknown": Advice(
        _("The mail was handed over and no answer came."), _("Look into your mailbox before you try again.")
    ),
    "message_later": Advice(_("The mail was not taken yet."), _("Wait a few minutes and try again.")),
    "key_refused": Advice(
        _("The provider refuses the key, or the account may not send."),
        _("Make a new key that may send mail, and check with the provider that the account is approved."),
    ),
    "message_refused": Advice(
        _("The mail was refused."),
        _("Its words say why; often the sender’s domain is not verified with the provider yet."),
    ),
    "settings_incomplete": Advice(_("The settings do not hold together."), _("Open them and fill in what is missing.")),
    "other": Advice(_("Something else went wrong."), _("The server’s own words are below.")),
}


def advice_on(cause: str) -> Advice:
    return ADVICE.get(cause, ADVICE["other"])
