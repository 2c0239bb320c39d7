"""Small pictures drawn here: PNG files in one colour on white."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache

# Whether a point is in it; both coordinates go from -1 to 1.
SHAPES: dict[str, Callable[[float, float], bool]] = {
    "square": lambda x, y: max(abs(x), abs(y)) < 0.75,
    "disc": lambda x, y: x * x + y * y < 0.55,
    "cross": lambda x, y: min(abs(x), abs(y)) < 0.2 and max(abs(x), abs(y)) < 0.75,
    "diamond": lambda x, y: abs(x) + abs(y) < 0.75,
}


@cache
def png(shape: str, color: str, size: int = 100) -> bytes:
    """A shape in a colour (#rrggbb), `size` pixels wide and high."""
    covers, ink = SHAPES[shape], bytes.fromhex(color.lstrip("#"))
    points = [2 * (number + 0.5) / size - 1 for number in range(size)]
    rows = (b"\0" + b"".join(ink if covers(x, y) else b"\xff" * 3 for x in points) for y in points)
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def encoded(shape: str, color: str) -> str:
    return base64.b64encode(png(shape, color)).decode()


def data_uri(shape: str, color: str) -> str:
    return f"data:image/png;base64,{encoded(shape, color)}"
