"""The picture of a question shows what the question asks for."""

from __future__ import annotations

import base64
import struct
import zlib

from tests.world import World


def ink(png: bytes) -> list[list[bool]]:
    """Which points of one of our pictures are not white, row by row."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT") + 4
    length = struct.unpack(">I", png[start - 8 : start - 4])[0]
    raw = zlib.decompress(png[start : start + length])
    rows = [raw[1 + y * (3 * width + 1) : (y + 1) * (3 * width + 1)] for y in range(height)]
    return [[row[3 * x : 3 * x + 3] != b"\xff" * 3 for x in range(width)] for row in rows]


def test_the_picture_shows_the_expected_answer(world: World) -> None:
    member = world.connect("image")
    (question,) = world.sandbox.call("GET", world.path(member, "/challenges"))["challenges"]
    assert question["label"] == "Which word do you see?"
    points = ink(base64.b64decode(question["image_data"]))
    columns = [any(column) for column in zip(*points, strict=True)]
    letters = sum(
        now and not before for before, now in zip([False, *columns], columns, strict=False)
    )
    assert letters == len("correct")
    assert world.answer(member, "correct")["connection_status"] == "CONNECTED"
