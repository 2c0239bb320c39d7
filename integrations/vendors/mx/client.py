"""Calls to MX → payloads: one object, or the pages of a list."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from integrations.vendors import errors
from integrations.vendors.base import VendorConfig
from integrations.vendors.calls_ahead import CallsAhead
from integrations.vendors.mx import failures
from integrations.vendors.mx.dialect import Dialect
from integrations.vendors.mx.values import Payload
from integrations.vendors.transport import Transport, VendorRequest

LAG_PAUSES = (0.5, 0.5)  # seconds; MX's own advice for what was made a moment ago


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a list.

    Attributes:
        total: pages that the list has; None where MX does not say.
        entries: rows that the list has; likewise.
    """

    number: int
    rows: list[Any]
    total: int | None
    entries: int | None


class Client:
    """One of MX's APIs, through one transport."""

    def __init__(self, config: VendorConfig, dialect: Dialect) -> None:
        self.dialect = dialect
        self.is_interactive = config.policy.total_deadline is not None
        self.transport = Transport(
            vendor="mx",
            config=config,
            headers=dialect.headers(config),
            error_for=failures.error_for,
        )
        self._lists: list[CallsAhead[_Page]] = []

    def call(
        self,
        operation: str,
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **ids: str,
    ) -> Any:
        """The parsed answer. What may be done twice is repeated when MX fails.

        Raises VendorUserError if MX refuses because of the user.
        """
        method, template = self.dialect.paths[operation]
        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        call = VendorRequest(
            operation=operation,
            method=method,
            path=template.format(**quoted),
            template=template,
            query=query,
            body=body,
            headers=headers,
            is_repeatable=self.dialect.is_repeatable(operation),
        )
        try:
            return self._send(call)
        except (errors.VendorNotFound, errors.VendorAccessDenied) as error:
            # A deletion that finds nothing has nothing left to do, whatever is missing.
            is_explained = operation == "read_user" or (method, error.status) == ("DELETE", 404)
            if "user" in ids and error.status in (403, 404) and not is_explained:
                self._check_user(ids["user"], error)
            raise

    def _send(self, call: VendorRequest) -> Any:
        """The parsed answer; a 404 that may be a matter of time is asked again.

        Only while somebody waits: they may go on with what was made a moment ago. Jobs come later.
        """
        lags = self.is_interactive and call.operation in self.dialect.lagging
        pauses = iter(LAG_PAUSES if lags else ())
        while True:
            try:
                return self.transport.send(call).body
            except errors.VendorNotFound:
                pause = next(pauses, None)
                if pause is None:
                    raise
                self.transport.sleep(pause)

    def _check_user(self, user_id: str, error: errors.VendorError) -> None:
        """Raise VendorUserError if the user itself explains why MX refused a call.

        MX answers 404 for everything under a deleted user and 403 for a disabled one, as it does
        for deleted objects and refused addresses. It shows the user itself also while disabled.
        """
        try:
            payload = self.fetch_object("read_user", "user", user=user_id)
        except errors.VendorNotFound:
            raise errors.VendorUserNotFound(
                failures.USER_NOT_FOUND, vendor="mx", operation=error.operation, status=error.status
            ) from error
        except errors.VendorError:
            return  # nobody knows; `error` stands
        if payload.get("is_disabled") is True:
            raise errors.VendorUserDisabled(
                failures.USER_DISABLED, vendor="mx", operation=error.operation, status=error.status
            ) from error

    def fetch_object(self, operation: str, key: str, **kwargs: Any) -> Payload:
        """The object under `key`. Raises VendorBadResponse where it is not."""
        answer = self.call(operation, **kwargs)
        payload = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(payload, dict):
            raise errors.VendorBadResponse(vendor="mx", operation=operation)
        return payload

    def pages(
        self,
        operation: str,
        key: str,
        *,
        query: dict[str, str] | None = None,
        identity: Callable[[Any], Any] = lambda row: row.get("guid"),
        **ids: str,
    ) -> Iterator[list[Any]]:
        """The pages of a list, each object once even when rows shift between pages.

        Ends at the last page MX announces, or at a page without anything new. Raises
        VendorBadResponse at the limit of pages: an endless list must not count as a complete one.
        """
        for rows, _ in self.resumable_pages(operation, key, query=query, identity=identity, **ids):
            yield rows

    def resumable_pages(
        self,
        operation: str,
        key: str,
        *,
        query: dict[str, str] | None = None,
        identity: Callable[[Any], Any] = lambda row: row.get("guid"),
        after: str | None = None,
        **ids: str,
    ) -> Iterator[tuple[list[Any], str]]:
        """See pages; each with its cursor. `after`: only those that follow the page of that cursor.

        MX numbers pages and documents no order, so a page is only where it was while it holds the
        same rows of a list that is as long. Raises CursorExpired when it is not.

        Pages are read ahead as the policy says. A list of another length than at the page before
        has changed, and pages that were read too early could lack rows that have moved to them, so
        they are read again, each in its turn.
        """

        def read(transport: Transport, number: int) -> _Page:
            return self._through(transport).fetch_page(operation, key, number, query or {}, ids)

        listed: set[Any] = set()
        first = last = 1 if after is None else int(after.partition(":")[0])
        entries: int | None = None
        with self._calls_ahead(read) as calls:
            for number in range(first, self.dialect.limits.max_pages + 1):
                page = calls.take(number, last, partial(_is_as_long, entries))
                cursor = _cursor(page, identity)
                new = [row for row in page.rows if _is_first(row, identity, listed)]
                if number > first or after is None:
                    yield new, cursor
                elif after != cursor:
                    raise errors.CursorExpired
                if not page.rows or (page.total is None and not new):
                    return
                if page.total is not None and number >= page.total:
                    return
                entries = page.entries
                last = number if page.total is None or entries is None else page.total
        raise errors.VendorBadResponse(
            "MX announces more pages than can be right.", vendor="mx", operation=operation
        )

    @contextmanager
    def _calls_ahead(self, read: Callable[[Transport, int], _Page]) -> Iterator[CallsAhead[_Page]]:
        """The calls of one list, of which none is under way in the end."""
        calls = CallsAhead(self.transport, read, self.transport.config.policy.pages_ahead)
        self._lists.append(calls)
        try:
            yield calls
        finally:
            calls.discard()
            self._lists.remove(calls)

    def close(self) -> None:
        """End lists that nobody reads on: their calls have to be in the audit log."""
        for calls in self._lists:
            calls.discard()

    def _through(self, transport: Transport) -> Client:
        """The same API through another transport."""
        other = copy.copy(self)
        other.transport = transport
        return other

    def fetch_page(
        self, operation: str, key: str, number: int, query: dict[str, str], ids: dict[str, str]
    ) -> _Page:
        """One page of a list. Raises VendorBadResponse where the rows are not."""
        paging = {"page": str(number), "records_per_page": str(self.dialect.limits.page_size)}
        answer = self.call(operation, query=query | paging, headers=None, **ids)
        rows = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise errors.VendorBadResponse(vendor="mx", operation=operation)
        total, entries = (_pagination_value(answer, n) for n in ("total_pages", "total_entries"))
        return _Page(number, rows, total, entries)


def _is_as_long(entries: int | None, page: _Page) -> bool:
    return page.entries == entries


def _cursor(page: _Page, identity: Callable[[Any], Any]) -> str:
    """Page number, length of the list, and a digest of the identities on the page."""
    names = [str(identity(row)) if isinstance(row, dict) else "" for row in page.rows]
    digest = hashlib.sha256("\n".join(names).encode(errors="replace")).hexdigest()
    return f"{page.number}:{page.entries}:{digest[:16]}"


def _is_first(row: Any, identity: Callable[[Any], Any], listed: set[Any]) -> bool:
    """Whether no earlier row had its identity, which joins `listed`."""
    name = identity(row) if isinstance(row, dict) else None
    if not isinstance(name, str | tuple):
        return True  # without an identity: mapping will reject it with the reason
    if name in listed:
        return False
    listed.add(name)
    return True


def _pagination_value(answer: dict[str, Any], name: str) -> int | None:
    pagination = answer.get("pagination")
    value = pagination.get(name) if isinstance(pagination, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
