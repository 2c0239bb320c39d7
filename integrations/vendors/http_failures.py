"""What a failed HTTP exchange means: exceptions of other libraries, and the header Retry-After."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3

from integrations.vendors import errors

RETRY_AFTER_CAP = 3600.0  # seconds
MAX_RETRY_AFTER = 64  # characters of the header; a date has 29


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header (a number or a date), at most an hour."""
    text = headers.get("Retry-After", "").strip()
    if not text or len(text) > MAX_RETRY_AFTER:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_CAP)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 1.0), RETRY_AFTER_CAP)


# Most specific first. A test walks requests.exceptions and fails on a class without a row.
TRANSLATIONS: list[tuple[type[BaseException], type[errors.VendorError], str]] = [
    (requests.exceptions.Timeout, errors.VendorTimeout, ""),
    (
        requests.exceptions.SSLError,
        errors.VendorUnavailable,
        "The vendor's certificate is not valid.",
    ),
    (
        requests.exceptions.ConnectionError,
        errors.VendorUnavailable,
        "The vendor cannot be reached.",
    ),
    (requests.exceptions.ChunkedEncodingError, errors.VendorBadResponse, ""),
    (requests.exceptions.ContentDecodingError, errors.VendorBadResponse, ""),
    (requests.exceptions.StreamConsumedError, errors.VendorBadResponse, ""),
    (requests.exceptions.JSONDecodeError, errors.VendorBadResponse, ""),
    (requests.exceptions.TooManyRedirects, errors.VendorBadResponse, ""),
    (requests.exceptions.HTTPError, errors.VendorBadResponse, ""),
    (
        requests.exceptions.InvalidURL,
        errors.VendorUnavailable,
        "The vendor's base URL is not valid.",
    ),
    (requests.exceptions.RequestException, errors.VendorUnavailable, ""),
    (urllib3.exceptions.TimeoutError, errors.VendorTimeout, ""),
    (urllib3.exceptions.HTTPError, errors.VendorBadResponse, ""),
    (TimeoutError, errors.VendorTimeout, ""),
    (OSError, errors.VendorUnavailable, "The vendor cannot be reached."),
]


def translated(error: BaseException) -> errors.VendorError:
    """The error of ours that a library's exception stands for."""
    for kind, error_class, message in TRANSLATIONS:
        if isinstance(error, kind):
            return error_class(message)
    return errors.VendorUnavailable()
