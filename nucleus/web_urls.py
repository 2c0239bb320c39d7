"""URLs that people open: only absolute http and https ones are safe in responses.

A page that shows `javascript:…` as a link or a logo runs it. Needs nothing but the standard
library, so the vendors' layer may use it for what vendors send.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_LENGTH = 2000  # characters
# Browsers drop some of these characters and turn the backslash into a slash before they look at
# scheme and host, so a URL with one of them may lead elsewhere than it seems.
SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\<>\"]|[^\S ]")
UNSAFE_MESSAGE = "A URL has no spaces, control characters, quotes or backslashes."


def has_scheme(text: str) -> bool:
    """Whether a browser would find a scheme in `text`, such as javascript:."""
    return SCHEME.match(UNSAFE.sub("", text)) is not None


def url_error(url: str) -> str | None:
    """Why `url` must not be used as a link; None if it may be."""
    if len(url) > MAX_LENGTH:
        return f"Use a URL of at most {MAX_LENGTH} characters."
    if UNSAFE.search(url):
        return UNSAFE_MESSAGE
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a URL."
    if parts.scheme not in ("https", "http") or not host:
        return "Use an absolute URL that begins with https:// or http://."
    if "@" in parts.netloc:
        return "Leave user and password out of the URL."
    return None
