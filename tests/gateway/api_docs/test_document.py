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
    response = get()
    assert response.status_code == 200
    assert response.content == FILE
    assert yaml.safe_load(response.content)["openapi"].startswith("3.")
    assert response["Content-Type"].startswith("application/vnd.oai.openapi")
    assert response["Content-Length"] == str(len(FILE))
    assert "max-age" in response["Cache-Control"]
    assert response["Vary"] == "Accept-Encoding"
    assert get(Accept="application/json").status_code == 200  # nothing is negotiated


def test_an_unchanged_document_is_a_304():
    response = get()
    for etags in (response["ETag"], f'"other", {response["ETag"]}', f"W/{response['ETag']}", "*"):
        not_modified = get(**{"If-None-Match": etags})
        assert (not_modified.status_code, not_modified.content) == (304, b""), etags
        assert not_modified["ETag"] == response["ETag"]
        assert not_modified["Cache-Control"] == response["Cache-Control"]
    assert get(**{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP, deflate", "*"])
def test_it_is_compressed_if_the_client_accepts_gzip(accepted: str):
    response = get(**{"Accept-Encoding": accepted})
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == FILE
    assert len(response.content) < len(FILE) / 10
    assert response["Content-Length"] == str(len(response.content))
    assert response["ETag"] != get()["ETag"]
    conditional = {"Accept-Encoding": accepted, "If-None-Match": response["ETag"]}
    assert get(**conditional).status_code == 304


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.000, br", "x-gzipped"])
def test_it_is_not_compressed_otherwise(accepted: str):
    response = get(**{"Accept-Encoding": accepted})
    assert "Content-Encoding" not in response
    assert response.content == FILE


def test_head_and_other_methods():
    response = HttpClient().head(PATH)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(FILE))
    assert response["ETag"] == get()["ETag"]
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
    response = HttpClient().get(path)
    assert response.status_code == 200
    assert b"/openapi.yaml" in response.content
