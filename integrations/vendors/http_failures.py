"""What a failed HTTP exchange means: exceptions of other libraries, and headers about time."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3

from integrations.vendors import errors

RETRY_AFTER_CAP = 3600.0  # seconds
MAX_RETRY_AFTER = MAX_DATE = 64  # characters of the header; a date has 29


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


def clock_offset(headers: Mapping[str, str]) -> float | None:
    """Seconds by which the sender's Date header is ahead of our clock; None without a usable one.

    The header has whole seconds, and the answer took some time: a few seconds mean nothing.
    """
    text = headers.get("Date", "").strip()
    if not text or len(text) > MAX_DATE:
        return None
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None


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


ERRNO_REASONS = {
    errno.ECONNREFUSED: "the connection was refused: nothing listens there, or a firewall "
    "rejects it",
    errno.ENETUNREACH: "there is no route to it: outgoing connections may be blocked",
    errno.EHOSTUNREACH: "there is no route to it: outgoing connections may be blocked",
    errno.ECONNRESET: "the connection was closed before an answer came",
    errno.EPIPE: "the connection was closed before an answer came",
}


def network_reason(error: BaseException | None) -> str:
    """Why a host could not be reached, for staff; empty if the error is not about the network.

    Args:
        error: the exception of the HTTP library, which is the cause of ours.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, urllib3.exceptions.NameResolutionError | socket.gaierror):
            return "its name is not known (DNS): check the spelling, and this server's resolver"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as expected: another port, or http instead of https"
        if isinstance(cause, OSError) and cause.errno in ERRNO_REASONS:
            return ERRNO_REASONS[cause.errno]
    for cause in causes:
        if isinstance(cause, urllib3.exceptions.ConnectTimeoutError | requests.ConnectTimeout):
            return "it does not answer when a connection is opened: a firewall may drop packets"
        if isinstance(cause, urllib3.exceptions.TimeoutError | requests.Timeout | TimeoutError):
            return "it accepts connections, but sent no answer in time"
    if any(isinstance(cause, urllib3.exceptions.ProtocolError) for cause in causes):
        return ERRNO_REASONS[errno.ECONNRESET]
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it wraps and what it was raised from, each once."""
    waiting, visited = [error], set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in visited:
            continue
        visited.add(id(current))
        yield current
        waiting += [*current.args, getattr(current, "reason", None)]
        waiting += [current.__cause__, current.__context__]
