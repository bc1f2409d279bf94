"""Passes bytes between two streams and closes them without losing any. Does not know where they lead."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

CHUNK = 65536
_LINGER_SECONDS = 1
_CLOSE_SECONDS = 30


@dataclass(slots=True)
class Tally:
    """Bytes passed on: `sent` by the client, `received` by it."""

    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class Peer:
    """One side: where its bytes come from, and where those for it go."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say_last(self, answer: bytes) -> None:
        """Send an answer that nothing follows, and take in what is still on its way.

        To close a socket that holds unread bytes resets it, and the other side would lose the answer.
        """
        self.writer.write(answer)
        await self.writer.drain()
        self.writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while await self.reader.read(CHUNK):
                    pass

    async def close(self) -> None:
        """Close when all is sent; at once where this task is cancelled, or the other side does not take it."""
        self.writer.close()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.writer.wait_closed()
        except OSError:
            pass
        finally:
            self.writer.transport.abort()


async def relay(client: Peer, server: Peer, tally: Tally) -> None:
    """Pass bytes both ways until both sides have said all, or one of them broke off."""

    async def out() -> None:
        while chunk := await client.reader.read(CHUNK):
            server.writer.write(chunk)
            tally.sent += len(chunk)
            await server.writer.drain()
        server.writer.write_eof()

    async def back() -> None:
        while chunk := await server.reader.read(CHUNK):
            client.writer.write(chunk)
            tally.received += len(chunk)
            await client.writer.drain()
        client.writer.write_eof()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(out())
            both.create_task(back())
    except* OSError:
        pass
