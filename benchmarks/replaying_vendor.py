"""A vendor that costs little: repeats the sandbox's answers, after a delay if one is set."""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

HOP_HEADERS = ("content-length", "transfer-encoding", "connection", "date", "server")
Head = tuple[str, str, dict[str, str]]  # method, path, headers in lower case


@dataclass
class ReplayingVendor:
    """Where it listens, and how late it answers."""

    base_url: str
    delay: Any  # multiprocessing's shared float, seconds


@contextmanager
def running(upstream: str) -> Iterator[ReplayingVendor]:
    """A process that asks `upstream` once for each request, and repeats the answer."""
    context = multiprocessing.get_context("spawn")
    delay = context.Value("d", 0.0)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(upstream, delay, sender), daemon=True)
    process.start()
    try:
        yield ReplayingVendor(f"http://127.0.0.1:{receiver.recv()}", delay)
    finally:
        process.terminate()
        process.join()


def _serve(upstream: str, delay: Any, sender: Any) -> None:
    async def serve() -> None:
        replay = _Replay(urlsplit(upstream).netloc, delay)
        server = await asyncio.start_server(replay.handle, "127.0.0.1", 0, backlog=1024)
        sender.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@dataclass
class _Replay:
    upstream: str
    delay: Any
    answers: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All requests of one connection."""
        try:
            while head := await _read_head(reader):
                body = await reader.readexactly(int(head[2].get("content-length", 0)))
                if self.delay.value:
                    await asyncio.sleep(self.delay.value)
                writer.write(self._answer(head, body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, head: Head, body: bytes) -> bytes:
        method, path, headers = head
        if method != "GET":
            return self._fetch(method, path, headers, body)
        key = (path, headers.get("authorization", ""), headers.get("accept", ""))
        if key not in self.answers:
            self.answers[key] = self._fetch(method, path, headers, body)
        return self.answers[key]

    def _fetch(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        sent = {name: value for name, value in headers.items() if name not in HOP_HEADERS}
        connection.request(method, path, body, sent | {"accept-encoding": "identity"})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        lines += [
            f"{name}: {value}"
            for name, value in response.getheaders()
            if name.lower() not in HOP_HEADERS
        ]
        lines += [f"Content-Length: {len(content)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + content


async def _read_head(reader: asyncio.StreamReader) -> Head | None:
    """The head of the next request; None at the end of the connection."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = text.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return method, path, {name.lower(): value.strip() for name, _, value in pairs}
