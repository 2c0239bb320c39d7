"""HTTP to a vendor that may be slow, broken or hostile.

Every exchange has connect and read time-outs, a deadline that holds even when a byte arrives every
second, a cap on decoded bytes, no redirects, and no proxy or netrc from the environment. Only
errors.VendorError leaves this module: http_failures.py translates what other libraries raise.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests
import urllib3

from integrations.vendors import errors, http_failures, sockets
from integrations.vendors.base import CallRecord, VendorConfig
from nucleus import exact_json

CHUNK = 64 * 1024
RETRY_BASE = 0.3  # seconds
RETRYABLE = (errors.VendorUnavailable,)


@dataclass(frozen=True, slots=True)
class VendorRequest:
    """One logical call.

    `path` is filled in and secret; `template` is what the audit log may show.
    """

    operation: str
    method: str
    path: str
    template: str
    query: Mapping[str, str] | None = None
    body: Any = None
    headers: Mapping[str, str] | None = None  # besides those of every call
    is_repeatable: bool = False  # sending it twice has the effect of sending it once


@dataclass(frozen=True, slots=True)
class VendorResponse:
    """A vendor's answer: `body` is parsed JSON (None when empty), amounts are Decimal."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class _Attempts:
    """The attempts at one call so far."""

    number: int = 1
    may_have_arrived: bool = False  # an earlier attempt, at the vendor


class _StaleConnection(errors.VendorUnavailable):
    """The vendor had closed the idle connection that the request went out on."""


class Transport:
    """A session with one vendor, for one use case; other threads of it have copies."""

    def __init__(
        self,
        *,
        vendor: str,
        config: VendorConfig,
        headers: Mapping[str, str],
        error_for: Callable[[VendorRequest, VendorResponse], errors.VendorError | None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.vendor = vendor
        self.config = config
        self.error_for = error_for
        self.sleep = sleep
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", sockets.ADAPTER)
        self.session.mount("http://", sockets.ADAPTER)
        self.session.headers.update(headers)
        total = config.policy.total_deadline
        self.until = None if total is None else time.monotonic() + total

    def for_thread(
        self, *, on_call: Callable[[CallRecord], None], before_call: Callable[[], None]
    ) -> Transport:
        """The same session with the same deadlines, and with these hooks, for another thread."""
        other = copy.copy(self)
        other.config = replace(self.config, on_call=on_call, before_call=before_call)
        return other

    def send(self, call: VendorRequest) -> VendorResponse:
        """The answer to `call`.

        A repeatable call is tried again after any failure of the vendor, within the deadline; any
        other call only when the vendor cannot have received it. Raises errors.VendorError.
        """
        until = time.monotonic() + self.config.policy.call_deadline
        if self.until is not None:
            until = min(until, self.until)
        attempts = self.config.policy.attempts
        tries = _Attempts()
        while True:
            try:
                return self._attempt(call, tries, until)
            except RETRYABLE as error:
                may_repeat = call.is_repeatable or not error.was_sent
                pause = error.retry_after or random.uniform(0, RETRY_BASE * 2**tries.number)  # noqa: S311
                is_last = tries.number == attempts or time.monotonic() + pause >= until
                if is_last or not may_repeat:
                    raise
                tries.number += 1
                tries.may_have_arrived |= error.was_sent
                self.sleep(pause)

    def _attempt(self, call: VendorRequest, tries: _Attempts, until: float) -> VendorResponse:
        if self.config.before_call is not None:
            self.config.before_call()
        started = time.monotonic()
        status, error, pause, offset = None, None, None, None
        try:
            answer = self._answer(call, tries, until)
            status, pause = answer.status, http_failures.retry_after(answer.headers)
            offset = http_failures.clock_offset(answer.headers)
            failed = self.error_for(call, answer)
            if failed is not None:
                failed.retry_after = failed.retry_after or pause
                raise failed
            return answer
        except errors.VendorError as raised:
            status = status or raised.status
            error = raised.code
            raised.is_repeat = tries.may_have_arrived
            raised.vendor, raised.operation = self.vendor, call.operation
            raise
        finally:
            if self.config.on_call is not None:
                self.config.on_call(
                    CallRecord(
                        vendor=self.vendor,
                        operation=call.operation,
                        method=call.method,
                        path_template=call.template,
                        attempt=tries.number,
                        status=status,
                        duration_ms=round((time.monotonic() - started) * 1000),
                        error=error,
                        retry_after=pause,
                        clock_offset=offset,
                    )
                )

    def _answer(self, call: VendorRequest, tries: _Attempts, until: float) -> VendorResponse:
        """One exchange, or two when the vendor had closed the idle connection of the first.

        That says nothing about the vendor's health, so it is no attempt of its own.
        """
        try:
            return self._exchange(call, until, on_new_connection=tries.number > 1)
        except _StaleConnection as error:
            if error.was_sent and not call.is_repeatable:
                raise
            tries.may_have_arrived |= error.was_sent
        return self._exchange(call, until, on_new_connection=True)

    def _exchange(
        self, call: VendorRequest, until: float, *, on_new_connection: bool
    ) -> VendorResponse:
        policy = self.config.policy
        left = until - time.monotonic()
        if left <= 0:
            late = errors.VendorTimeout()
            late.was_sent = False
            raise late
        timeout = (min(policy.connect_timeout, left), min(policy.read_timeout, left))
        body = None if call.body is None else json.dumps(call.body).encode()
        content_type = {} if body is None else {"Content-Type": "application/json"}
        watchdog = sockets.Watchdog(left, use_new_connection=on_new_connection)
        try:
            with (
                watchdog,
                self.session.request(
                    call.method,
                    self.config.base_url + call.path,
                    params=call.query,
                    data=body,
                    headers=content_type | dict(call.headers or {}),
                    timeout=timeout,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                content = _content(response, policy.max_bytes, until)
                if watchdog.fired:  # an answer that was cut off can look like a complete, empty one
                    raise errors.VendorTimeout
                return VendorResponse(
                    status=response.status_code,
                    headers=response.headers,
                    body=_parsed(response, content),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _failure(error, watchdog, until) from error
        except (
            ValueError,
            AttributeError,
        ) as error:  # of a half-closed socket
            if watchdog.fired:
                raise errors.VendorTimeout from error
            raise errors.VendorBadResponse from error


def _failure(error: Exception, watchdog: sockets.Watchdog, until: float) -> errors.VendorError:
    """What the failed exchange means, and whether the vendor can have received the request."""
    failed: errors.VendorError
    if watchdog.fired or time.monotonic() >= until:
        failed = errors.VendorTimeout()
    elif (
        isinstance(error, requests.ConnectionError)
        and not isinstance(error, requests.Timeout)
        and watchdog.is_reused
        and not watchdog.is_answered
    ):
        failed = _StaleConnection("The vendor cannot be reached.")
    else:
        failed = http_failures.translated(error)
    failed.was_sent = watchdog.is_sent
    return failed


def _content(response: requests.Response, max_bytes: int, until: float) -> bytes:
    """The decoded body, read no further than `max_bytes` and `until`."""
    parts: list[bytes] = []
    size = 0
    for chunk in response.iter_content(CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise errors.VendorBadResponse("The vendor's answer is too large.")
        if time.monotonic() > until:
            raise errors.VendorTimeout
        parts.append(chunk)
    return b"".join(parts)


def _parsed(response: requests.Response, content: bytes) -> Any:
    """The JSON of an answer. Failures may come as HTML; successes may not."""
    if not content.strip():
        return None
    try:
        return exact_json.parse(content, strict=False)
    except exact_json.Malformed:
        if response.status_code >= 400:
            return None
        raise errors.VendorBadResponse(status=response.status_code) from None
