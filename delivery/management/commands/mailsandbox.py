"""Run the mail sandbox."""

import asyncio
import signal
from typing import Any

from aiosmtpd.smtp import SMTP
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from delivery.sandbox import LARGEST_MESSAGE, SandboxHandler, prune


class Command(BaseCommand):
    help = "Take mail by SMTP, keep it and show it at /sandbox/. For trying out; never for production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.SANDBOX_SMTP_PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Serve until SIGTERM or SIGINT."""
        prune()
        asyncio.run(_serve(host, port))


async def _serve(host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    handler = SandboxHandler()
    server = await loop.create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, data_size_limit=LARGEST_MESSAGE, ident="EmailOps sandbox"),
        host,
        port,
    )
    async with server:
        await stop.wait()
