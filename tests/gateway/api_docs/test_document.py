"""/openapi.yaml as it is served: the committed file, cheaply."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client as HttpClient
from drf_spectacular.generators import SchemaGenerator

ROOT = Path(__file__).resolve().parents[3]
PATH = "/openapi.yaml"
FILE = (ROOT / "openapi.yaml").read_bytes()


@pytest.fixture(autouse=True)
def _no_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a request generates the description")

    monkeypatch.setattr(SchemaGenerator, "get_schema", generate)


def get(**headers: str) -> Any:
    return HttpClient().get(PATH, headers=headers)


def test_the_committed_file_is_served():
    answer = get()
    assert answer.status_code == 200
    assert answer.content == FILE
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.")
    assert answer["Content-Type"].startswith("application/vnd.oai.openapi")
    assert answer["Content-Length"] == str(len(FILE))
    assert "max-age" in answer["Cache-Control"]
    assert answer["Vary"] == "Accept-Encoding"
    assert get(Accept="application/json").status_code == 200  # nothing is negotiated


def test_who_has_it_gets_a_304():
    answer = get()
    for known in (answer["ETag"], f'"other", {answer["ETag"]}', f"W/{answer['ETag']}", "*"):
        again = get(**{"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
        assert again["ETag"] == answer["ETag"]
        assert again["Cache-Control"] == answer["Cache-Control"]
    assert get(**{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP, deflate", "*"])
def test_it_is_compressed_for_those_who_take_that(accepted: str):
    answer = get(**{"Accept-Encoding": accepted})
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == FILE
    assert len(answer.content) < len(FILE) / 10
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["ETag"] != get()["ETag"]
    known = {"Accept-Encoding": accepted, "If-None-Match": answer["ETag"]}
    assert get(**known).status_code == 304


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.000, br", "x-gzipped"])
def test_it_is_not_compressed_for_others(accepted: str):
    answer = get(**{"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer
    assert answer.content == FILE


def test_head_and_other_methods():
    answer = HttpClient().head(PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == str(len(FILE))
    assert answer["ETag"] == get()["ETag"]
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refusal = HttpClient().generic(method, PATH)
        assert refusal.status_code == 405
        assert refusal["Allow"] == "GET, HEAD"
        assert refusal.json()["message"]


def test_a_changed_file_is_read_again(settings: Any, tmp_path: Path):
    settings.BASE_DIR = tmp_path
    assert get().status_code == 404
    assert get()["Content-Type"] == "application/json"
    file = tmp_path / "openapi.yaml"
    file.write_text("openapi: 3.0.3\n")
    first = get()
    file.write_text("openapi: 3.0.4\n")
    os.utime(file, ns=(1, 1))
    second = get()
    assert (first.content, second.content) == (b"openapi: 3.0.3\n", b"openapi: 3.0.4\n")
    assert first["ETag"] != second["ETag"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_refer_to_it(path: str):
    answer = HttpClient().get(path)
    assert answer.status_code == 200
    assert b"/openapi.yaml" in answer.content
