"""Serves /openapi.yaml, the committed file.

`make openapi` writes it and `make lint` refuses a stale one. It is not generated per request, which
would take a third of a second of CPU time without authentication.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

FILE = "openapi.yaml"
CONTENT_TYPE = "application/vnd.oai.openapi; charset=utf-8"
CACHE_CONTROL = "public, max-age=300"
ACCEPTS_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?!;\s*q=0(?:\.0*)?\s*(?:,|$))(?:[;,]|$)", re.I)


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes to send, and their ETag."""

    content: bytes
    etag: str


def openapi(request: HttpRequest) -> HttpResponse:
    """The file, compressed if the caller accepts gzip; 304 if the caller has it already."""
    is_gzip = ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")) is not None
    document = _current(is_gzip=is_gzip)
    response = get_conditional_response(request, etag=document.etag)
    if response is None:
        content = b"" if request.method == "HEAD" else document.content
        response = HttpResponse(content, content_type=CONTENT_TYPE)
        response["Content-Length"] = str(len(document.content))
        response["Content-Disposition"] = f'inline; filename="{FILE}"'
        if is_gzip:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = document.etag
    response["Cache-Control"] = CACHE_CONTROL
    response["Vary"] = "Accept-Encoding"
    return response


def _current(*, is_gzip: bool) -> Document:
    path = Path(settings.BASE_DIR) / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise Http404 from None
    return _read(path, changed, is_gzip)


@lru_cache(maxsize=2)
def _read(path: Path, changed: int, is_gzip: bool) -> Document:  # noqa: FBT001
    """The file with this modification time, cached until it changes."""
    content = path.read_bytes()
    if is_gzip:
        content = gzip.compress(content, mtime=0)
    return Document(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
