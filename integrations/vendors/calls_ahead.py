"""Makes the next calls of a list in threads, so that the wait for one page covers several.

The results are taken in order, in the thread of the use case. Only there are `on_call` and all that
uses the database run: the threads wait for the rate limiter and for the vendor, nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from integrations.vendors.base import CallRecord
from integrations.vendors.transport import Transport

T = TypeVar("T")
# Of one process. A call that no thread is free for is made by the use case itself when its turn
# comes, so a slow vendor of one tenant cannot hold up the lists of another.
_threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="vendor-call-ahead")


class _Discarded(Exception):
    """The call was given up before it was made."""


@dataclass(slots=True)
class _Call(Generic[T]):
    """A call that is made ahead, and the exchanges that it took.

    Attributes:
        context: of the use case when it began the call; says whom the audit log attributes it to.
    """

    context: Context
    future: Future[T]
    exchanges: list[CallRecord]


@dataclass(slots=True)
class CallsAhead(Generic[T]):
    """The calls of one list, by the number of their page.

    Args:
        transport: of the use case, whose deadlines, session and rate limit the threads share.
        make: makes the call of that number through that transport.
        most: calls under way or not yet taken, beside the one that is waited for.
    """

    transport: Transport
    make: Callable[[Transport, int], T]
    most: int
    _calls: dict[int, _Call[T]] = field(default_factory=dict)
    _discarded: threading.Event = field(default_factory=threading.Event)

    def take(self, number: int, last: int, accepts: Callable[[T], bool]) -> T:
        """The result of that call; those that follow it are begun.

        Args:
            last: the number after which no call makes sense, as far as is known.
            accepts: whether a result that was read ahead may be used. If not, it and those after it
                are discarded, and the call is made now.

        Raises what the call raised.
        """
        if self.most and number < last:
            for later in range(number, min(number + self.most, last) + 1):
                if later not in self._calls:
                    self._calls[later] = self._begin(later)
        call = self._calls.get(number)
        if call is not None and not call.future.cancel():
            self._wait([call])
            self._report(self._calls.pop(number))
            result = call.future.result()
            if accepts(result):
                return result
            self.discard()
        self._calls.pop(number, None)
        return self.make(self.transport, number)

    def discard(self) -> None:
        """Give up the calls that were begun, and wait for those that are under way.

        They are reported for the audit log only: the vendor's health is judged by calls one after
        the other, so that one failing list does not look like many failures.
        """
        calls, self._calls = list(self._calls.values()), {}
        self._discarded.set()
        made = [call for call in calls if not call.future.cancel()]
        self._wait(made)
        self._discarded = threading.Event()
        for call in made:
            call.exchanges = [replace(exchange, is_probe=True) for exchange in call.exchanges]
            self._report(call)

    def _begin(self, number: int) -> _Call[T]:
        exchanges: list[CallRecord] = []
        discarded, before_call = self._discarded, self.transport.config.before_call

        def before_exchange() -> None:
            if before_call is not None:
                before_call()
            if discarded.is_set():
                raise _Discarded

        transport = self.transport.for_thread(on_call=exchanges.append, before_call=before_exchange)
        return _Call(copy_context(), _threads.submit(self.make, transport, number), exchanges)

    def _wait(self, calls: list[_Call[T]]) -> None:
        before_wait = self.transport.config.before_wait
        if before_wait is not None and not all(call.future.done() for call in calls):
            before_wait()
        wait([call.future for call in calls])

    def _report(self, call: _Call[T]) -> None:
        on_call = self.transport.config.on_call
        if on_call is not None:
            for exchange in call.exchanges:
                call.context.run(on_call, exchange)
