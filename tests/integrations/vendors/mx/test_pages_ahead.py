"""Pages of a list are read ahead, and no caller can tell: order, rows, errors and records."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from integrations.vendors import errors
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx import apis
from integrations.vendors.mx.adapter import MX
from tests.integrations.vendors.mx.paged_lists import AHEAD, Bank, ids, listing, opened
from tests.integrations.vendors.scripted_server import ScriptedServer, answer, serving

PAGES = 12
SIZE = 10  # rows of a page
PATIENCE = 20  # seconds; only a failing test waits so long
TRIES = 20


@pytest.fixture(params=["atrium", "platform"])
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, dialect in list(apis.DIALECTS.items()):
        small = replace(dialect, limits=replace(dialect.limits, page_size=SIZE))
        monkeypatch.setitem(apis.DIALECTS, name, small)


@pytest.fixture
def bank() -> Bank:
    return Bank(list(range(SIZE * PAGES - 1)))


@pytest.fixture
def server(bank: Bank) -> Iterator[ScriptedServer]:
    with serving(bank) as running:
        yield running


@pytest.fixture
def calls() -> list[CallRecord]:
    return []


def test_several_pages_are_under_way_and_come_in_order(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    """Page 2 and those that may be read ahead of it are answered when all are requested."""
    all_requested = threading.Barrier(AHEAD + 1)

    def wait_for_all(page: int) -> None:
        if 2 <= page <= 2 + AHEAD:
            all_requested.wait(PATIENCE)

    bank.before_answer = wait_for_all
    assert ids(listing(opened(api, server, calls))) == bank.rows
    assert sorted(bank.requested) == list(range(1, PAGES + 1))
    assert bank.most_under_way == AHEAD + 1
    assert len(calls) == PAGES


def test_no_more_pages_are_read_than_the_caller_may_want_soon(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    """Memory is bounded however slowly the rows are stored."""
    mx = opened(api, server, calls)
    pages = listing(mx)
    for page in (1, 2, 3):
        next(pages)
        time.sleep(0.05)  # more would come now
        assert max(bank.requested) <= page + AHEAD
    pages.close()
    assert len(calls) == len(bank.requested)


def test_a_single_page_is_read_without_threads(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    del bank.rows[7:]
    assert ids(listing(opened(api, server, calls))) == bank.rows
    assert bank.requested == [1]


def test_zero_pages_ahead_reads_sequentially(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    assert ids(listing(opened(api, server, calls, pages_ahead=0))) == bank.rows
    assert (bank.requested, bank.most_under_way) == (list(range(1, PAGES + 1)), 1)


def test_an_error_comes_after_the_pages_before_it(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    bank.before_answer = lambda page: answer(429) if page >= 5 else None
    mx = opened(api, server, calls)
    pages = listing(mx)
    assert ids(itertools.islice(pages, 4)) == bank.rows[: 4 * SIZE]
    with pytest.raises(errors.VendorRateLimited):
        next(pages)
    mx.close()
    assert len(calls) == len(bank.requested)


def test_a_failure_is_repeated_as_always(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    failing = iter([answer(503)])
    bank.before_answer = lambda page: next(failing, None) if page == 6 else None
    assert ids(listing(opened(api, server, calls))) == bank.rows
    assert [call.status for call in calls] == [200] * 5 + [503] + [200] * (PAGES - 5)
    assert calls[6].attempt == 2


def test_a_failing_list_counts_as_a_single_failure(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    """The circuit breaker must not take the pages that were read ahead for so many failures."""
    bank.before_answer = lambda page: answer(503) if page > 2 else None
    with pytest.raises(errors.VendorUnavailable):
        ids(listing(opened(api, server, calls)))
    counted = [call.attempt for call in calls if call.error and not call.is_probe]
    assert counted == [1, 2, 3]
    assert len(calls) == len(bank.requested)


@pytest.mark.parametrize("how", ["the list is closed", "the vendor is closed"])
def test_an_abandoned_list_ends_its_calls_and_records_them(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord], how: str
):
    mx = opened(api, server, calls)
    pages = listing(mx)
    next(pages), next(pages)
    pages.close() if how == "the list is closed" else mx.close()
    requested = list(bank.requested)
    assert len(calls) == len(requested)
    time.sleep(0.05)
    assert bank.requested == requested


@pytest.mark.parametrize("change", ["inserted", "deleted"])
def test_rows_that_move_between_pages_are_not_missed(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord], change: str
):
    """A row is inserted before all others after page 4 was read ahead, before page 3 is read."""
    read_ahead = threading.Event()
    before = list(bank.rows)
    original = bank._content

    def content(page: int, size: int) -> bytes:
        if page == 4 and not read_ahead.is_set():
            answered = original(page, size)
            bank.rows = [-1, *bank.rows] if change == "inserted" else bank.rows[:-1]
            read_ahead.set()
            return answered
        if page == 3 and not read_ahead.is_set():
            bank.lock.release()
            try:
                assert read_ahead.wait(PATIENCE)
            finally:
                bank.lock.acquire()
        return original(page, size)

    bank._content = content  # type: ignore[method-assign]
    listed = ids(listing(opened(api, server, calls)))
    assert len(listed) == len(set(listed))
    assert set(listed) >= set(before) & set(bank.rows)
    assert len(calls) == len(bank.requested)


def test_a_listing_is_continued_after_any_page(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    cursors = [page.cursor for page in listing(opened(api, server, calls))]
    for number, cursor in enumerate(cursors, 1):
        rest = ids(listing(opened(api, server, calls), after=cursor))
        assert rest == bank.rows[number * SIZE :]
    bank.rows.insert(0, -1)
    bank.requested.clear()
    with pytest.raises(errors.CursorExpired):
        ids(listing(opened(api, server, calls), after=cursors[3]))
    assert bank.requested == [4]


def test_a_deadline_holds_for_all_pages_together(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    released = threading.Event()

    def before_answer(page: int) -> None:
        if page > 3:
            released.wait(PATIENCE)

    bank.before_answer = before_answer
    try:
        with pytest.raises(errors.VendorTimeout):
            ids(listing(opened(api, server, calls, total_deadline=1.5)))
    finally:
        released.set()
    assert len(calls) <= 3 + 2 * (AHEAD + 1)


def test_lists_that_occupy_all_threads_hold_up_no_other(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    """A slow vendor's pages may take all threads; then others are read one by one."""
    released, waiting = threading.Event(), threading.Semaphore(0)

    def hold(page: int) -> None:
        if page > 1:
            waiting.release()
            released.wait(PATIENCE)

    slow = Bank(list(bank.rows), before_answer=hold)
    with serving(slow) as slow_server:

        def read_slowly() -> None:
            policy = CallPolicy(pages_ahead=16)
            pages = MX(VendorConfig(api, slow_server.url, "id", "key", policy)).client.pages(
                "list_transactions", "transactions", user="USR-1", account="ACT-1"
            )
            with suppress(errors.VendorError):
                list(pages)

        readers = [threading.Thread(target=read_slowly) for _ in range(4)]
        for reader in readers:
            reader.start()
        for _ in range(32):
            assert waiting.acquire(timeout=PATIENCE)
        try:
            assert ids(listing(opened(api, server, calls))) == bank.rows
        finally:
            released.set()
            for reader in readers:
                reader.join()


def test_the_rate_limit_counts_every_page(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    allowed = itertools.count()
    policy = CallPolicy(pages_ahead=AHEAD)
    config = VendorConfig(
        api, server.url, "id", "key", policy, before_call=lambda: (next(allowed), None)[1]
    )
    assert ids(listing(MX(config))) == bank.rows
    assert next(allowed) == PAGES


def test_the_use_case_learns_that_it_is_about_to_wait_for_a_thread(
    api: str, bank: Bank, server: ScriptedServer, calls: list[CallRecord]
):
    """So that it can return its database connection.

    It waits for no thread if none has begun the call yet: then it makes the call itself.
    """
    waits: list[threading.Thread] = []
    bank.before_answer = lambda page: time.sleep(0.2) if page == 2 else None
    policy = CallPolicy(pages_ahead=AHEAD)
    config = VendorConfig(
        api, server.url, "id", "key", policy,
        before_wait=lambda: waits.append(threading.current_thread()),
    )  # fmt: skip
    for _ in range(TRIES):
        assert ids(listing(MX(config))) == bank.rows
        if waits:
            break
    assert set(waits) == {threading.current_thread()}
