"""Generates small PNG images in one colour on white."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache

# Shape → whether a point belongs to it; coordinates from -1 to 1.
SHAPES: dict[str, Callable[[float, float], bool]] = {
    "square": lambda x, y: max(abs(x), abs(y)) < 0.75,
    "disc": lambda x, y: x * x + y * y < 0.55,
    "cross": lambda x, y: min(abs(x), abs(y)) < 0.2 and max(abs(x), abs(y)) < 0.75,
    "diamond": lambda x, y: abs(x) + abs(y) < 0.75,
}


# Letters of five by seven dots, one number per row.
LETTERS = {
    "c": (14, 17, 16, 16, 16, 17, 14),
    "e": (31, 16, 16, 30, 16, 16, 31),
    "o": (14, 17, 17, 17, 17, 17, 14),
    "r": (30, 17, 17, 30, 20, 18, 17),
    "t": (31, 4, 4, 4, 4, 4, 4),
}


@cache
def png(shape: str, color: str) -> bytes:
    """A shape in a colour (#rrggbb)."""
    return _draw(SHAPES[shape], color)


@cache
def word_png(text: str, color: str) -> bytes:
    """A word across the picture, in letters of LETTERS."""
    width = 6 * len(text)  # dots, with one between letters

    def covers(x: float, y: float) -> bool:
        column, row = int((x + 1) / 2 * width), int(y / 2 * width + 3.5)
        letter = LETTERS[text[column // 6]]
        return 0 <= row < 7 and column % 6 < 5 and bool(letter[row] >> (4 - column % 6) & 1)

    return _draw(covers, color)


def _draw(covers: Callable[[float, float], bool], color: str, size: int = 100) -> bytes:
    """A PNG of `size` by `size` pixels."""
    ink = bytes.fromhex(color.lstrip("#"))
    points = [2 * (number + 0.5) / size - 1 for number in range(size)]
    rows = (b"\0" + b"".join(ink if covers(x, y) else b"\xff" * 3 for x in points) for y in points)
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(chunk_type: bytes, content: bytes) -> bytes:
    check = zlib.crc32(chunk_type + content)
    return struct.pack(">I", len(content)) + chunk_type + content + struct.pack(">I", check)


def word_base64(text: str, color: str) -> str:
    return base64.b64encode(word_png(text, color)).decode()


def data_uri(shape: str, color: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(shape, color)).decode()}"
