"""Messages as bytes for the wire, prepared once for many readers."""

from delivery.mime.mail import CompiledMail, compile_mail

__all__ = ["CompiledMail", "compile_mail"]
