"""Idle connections that the vendor has closed, and calls that may be done twice."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
import urllib3

from integrations.vendors import errors, records
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx import atrium_api, failures, platform_api
from integrations.vendors.mx.adapter import MX
from integrations.vendors.mx.dialect import Dialect
from integrations.vendors.transport import Transport, VendorRequest
from tests.integrations.vendors.scripted_server import Script, ScriptedServer, answer, serving

CREATE = VendorRequest(
    "create_user", "POST", "/users", "/users", body={"user": {}}, is_repeatable=True
)
ONCE = VendorRequest("pay", "POST", "/users", "/users", body={"user": {}})
READ = VendorRequest("read_user", "GET", "/users/USR-1", "/users/{user}", is_repeatable=True)
FINE = answer(body=b'{"fine": true}')


class Scenario:
    """A server and a transport to it; `calls` is what the audit log and the breaker hear of."""

    def __init__(self, server: ScriptedServer, policy: CallPolicy) -> None:
        self.server = server
        self.calls: list[CallRecord] = []
        config = VendorConfig("atrium", server.url, "id", "key", policy, self.calls.append)
        self.transport = Transport(
            vendor="mx",
            config=config,
            headers={},
            error_for=failures.error_for,
            sleep=lambda _: None,
        )

    def outcome(self, call: VendorRequest) -> Any:
        try:
            return self.transport.send(call).body
        except errors.VendorError as error:
            return error

    @property
    def arrived(self) -> int:
        return len(self.server.requests)


def play(script: Script, call: VendorRequest, *, warm: int = 0) -> tuple[Any, Scenario]:
    """The outcome of `call` after `warm` reads have left idle connections in the pool."""
    with serving(script) as server:
        scenario = Scenario(server, CallPolicy(connect_timeout=1, read_timeout=1, call_deadline=10))
        for _ in range(warm):
            assert scenario.outcome(READ) == {"fine": True}
        time.sleep(0.05)  # what the server does to idle connections arrives
        scenario.calls.clear()
        server.requests.clear()
        return scenario.outcome(call), scenario


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def half_close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


ENDINGS: list[Callable[[socket.socket], None]] = [socket.socket.close, reset, half_close]


def after_first_answer(end: Callable[[socket.socket], None]) -> Script:
    """Each connection carries one exchange; `end` follows at once."""

    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(FINE)
        end(connection)

    return script


def at_second_request(end: Callable[[socket.socket], None]) -> Script:
    """The second request on a connection is read, and answered with its end."""
    requests: Counter[Any] = Counter()

    def script(connection: socket.socket, request: bytes) -> None:
        requests[connection.getpeername()] += 1
        if requests[connection.getpeername()] == 1:
            connection.sendall(FINE)
        else:
            end(connection)

    return script


@pytest.mark.parametrize("call", [READ, CREATE, ONCE], ids=lambda call: call.operation)
@pytest.mark.parametrize("end", ENDINGS)
def test_an_idle_connection_that_was_closed_is_not_used(end: Any, call: VendorRequest):
    outcome, scenario = play(after_first_answer(end), call, warm=1)
    assert outcome == {"fine": True}
    assert [(call.attempt, call.error) for call in scenario.calls] == [(1, None)]


@pytest.mark.parametrize("call", [READ, CREATE], ids=lambda call: call.operation)
@pytest.mark.parametrize("end", ENDINGS)
def test_a_connection_closed_under_the_request_is_replaced_at_once(end: Any, call: VendorRequest):
    outcome, scenario = play(at_second_request(end), call, warm=1)
    assert outcome == {"fine": True}
    assert scenario.arrived == 2
    # One attempt, and a good one: a closed idle connection is no failure of the vendor.
    assert [(call.attempt, call.error) for call in scenario.calls] == [(1, None)]


@pytest.mark.parametrize("end", ENDINGS)
def test_calls_that_must_not_repeat_are_sent_once(end: Any):
    outcome, scenario = play(at_second_request(end), ONCE, warm=1)
    assert isinstance(outcome, errors.VendorUnavailable)
    assert outcome.was_sent
    assert scenario.arrived == 1


@pytest.mark.parametrize("call", [READ, CREATE, ONCE], ids=lambda call: call.operation)
def test_a_reset_that_arrives_before_sending_lets_any_call_start_anew(
    monkeypatch: pytest.MonkeyPatch, call: VendorRequest
):
    monkeypatch.setattr(urllib3.connectionpool, "is_connection_dropped", lambda _: False)
    outcome, scenario = play(after_first_answer(reset), call, warm=1)
    assert outcome == {"fine": True}
    assert scenario.arrived == 1


def test_one_replacement_is_enough_however_many_idle_connections_are_dead():
    everybody = threading.Barrier(3)

    def together(connection: socket.socket, request: bytes) -> None:
        if b"GET" in request:
            everybody.wait(5)
        closing(connection, request)

    closing = at_second_request(reset)
    with serving(together) as server:
        scenario = Scenario(server, CallPolicy())
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(scenario.outcome, [READ] * 3)) == [{"fine": True}] * 3
        scenario.calls.clear()
        assert scenario.outcome(CREATE) == {"fine": True}
        assert [(call.attempt, call.error) for call in scenario.calls] == [(1, None)]


@pytest.mark.parametrize("call", [READ, CREATE, ONCE], ids=lambda call: call.operation)
def test_a_vendor_that_cannot_be_reached_is_tried_again(call: VendorRequest):
    with socket.create_server(("127.0.0.1", 0)) as closed, serving(lambda to, _: None) as server:
        server.url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        scenario = Scenario(server, CallPolicy())
        outcome = scenario.outcome(call)
    assert isinstance(outcome, errors.VendorUnavailable)
    assert not outcome.was_sent
    assert [call.attempt for call in scenario.calls] == [1, 2, 3]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_repeatable_post_outlives_a_bad_moment(status: int):
    answers = iter([answer(status), answer(status), FINE])
    outcome, scenario = play(lambda to, _: to.sendall(next(answers)), CREATE)
    assert outcome == {"fine": True}
    assert [call.status for call in scenario.calls] == [status, status, 200]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_any_other_post_does_not(status: int):
    outcome, scenario = play(lambda to, _: to.sendall(answer(status)), ONCE)
    assert isinstance(outcome, errors.VendorUnavailable)
    assert scenario.arrived == 1


@pytest.mark.parametrize("end", ENDINGS)
def test_a_new_connection_that_breaks_is_an_attempt(end: Any):
    outcome, scenario = play(lambda to, _: end(to), CREATE)
    assert isinstance(outcome, errors.VendorUnavailable)
    assert [call.attempt for call in scenario.calls] == [1, 2, 3]
    outcome, scenario = play(lambda to, _: end(to), ONCE)
    assert isinstance(outcome, errors.VendorUnavailable)
    assert scenario.arrived == 1


def test_no_attempt_begins_after_the_deadline():
    with serving(lambda to, _: to.sendall(answer(503, headers="Retry-After: 60\r\n"))) as server:
        scenario = Scenario(server, CallPolicy(call_deadline=30))
        assert isinstance(scenario.outcome(CREATE), errors.VendorUnavailable)
        assert scenario.arrived == 1


NEWEST = (atrium_api.V1, platform_api.V20250224)
# Every operation of MX's client, as the adapter makes it.
OPTIONS = records.WidgetOptions()
DAYS = {"from_date": date(2026, 1, 1), "to_date": date(2026, 2, 1)}
OPERATIONS: dict[str, Callable[[MX], Any]] = {
    "create_user": lambda mx: mx.create_user(identifier="x"),
    "list_users": lambda mx: mx.find_user(identifier="x"),
    "read_user": lambda mx: mx.read_user(user_id="U"),
    "update_user": lambda mx: mx.set_user_disabled(user_id="U", is_disabled=True),
    "delete_user": lambda mx: mx.delete_user(user_id="U"),
    "create_widget_url": lambda mx: mx.widget_url(user_id="U", options=OPTIONS),
    "read_institution": lambda mx: mx.read_institution(code="x"),
    "list_members": lambda mx: mx.list_members(user_id="U"),
    "read_member": lambda mx: mx.read_member(user_id="U", member_id="M"),
    "delete_member": lambda mx: mx.delete_member(user_id="U", member_id="M"),
    "start_aggregation": lambda mx: mx.start_aggregation(user_id="U", member_id="M"),
    "start_balance_check": lambda mx: mx.start_balance_check(user_id="U", member_id="M"),
    "start_history": lambda mx: mx.start_history(user_id="U", member_id="M"),
    "start_verification": lambda mx: mx.start_verification(user_id="U", member_id="M"),
    "list_member_accounts": lambda mx: mx.list_accounts(user_id="U", member_id="M"),
    "read_account": lambda mx: mx.read_account(user_id="U", account_id="A"),
    "read_transaction": lambda mx: mx.read_transaction(
        user_id="U", account_id="A", transaction_id="T"
    ),
    "list_transactions": lambda mx: list(
        mx.transaction_pages(user_id="U", account_id="A", **DAYS)  # type: ignore[arg-type]
    ),
    "list_holdings": lambda mx: list(mx.holding_pages(user_id="U", account_id="A")),
    "list_member_holdings": lambda mx: mx.accounts_with_holdings(user_id="U", member_id="M"),
    "deactivate_holdings": lambda mx: mx.deactivate_holdings(user_id="U"),
    "list_account_numbers": lambda mx: mx.list_account_numbers(user_id="U", member_id="M"),
    "list_account_owners": lambda mx: mx.list_account_owners(user_id="U", member_id="M"),
    "read_merchant": lambda mx: mx.read_merchant(merchant_id="M"),
    "read_merchant_location": lambda mx: mx.read_merchant_location(location_id="L"),
}


def test_the_table_knows_every_operation():
    assert set().union(*(dialect.paths for dialect in NEWEST)) == OPERATIONS.keys()
    for dialect in NEWEST:
        writes = {name for name, (method, _) in dialect.paths.items() if method in ("POST", "PUT")}
        assert dialect.repeatable_posts.keys() <= writes


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        pytest.param(dialect, operation, id=f"{dialect.api}-{operation}")
        for dialect in NEWEST
        for operation in dialect.paths
    ],
)
def test_every_call_to_mx_is_repeated_as_the_table_says(dialect: Dialect, operation: str):
    """The first request of each is answered 503; what follows is not the matter here."""
    calls: list[CallRecord] = []
    answers = iter([answer(503)])
    with serving(lambda to, _: to.sendall(next(answers, answer(418)))) as server:
        mx = MX(VendorConfig(dialect.api, server.url, "id", "key", CallPolicy(), calls.append))
        mx.client.transport.sleep = lambda _: None
        with suppress(errors.VendorError):
            OPERATIONS[operation](mx)
    assert {call.operation for call in calls} == {operation}
    assert (len(calls) > 1) is dialect.is_repeatable(operation)


def at_mx(*answers: bytes) -> tuple[Script, list[bytes]]:
    """Answers in their order; an empty one is a reset instead."""
    waiting = list(answers)

    def script(connection: socket.socket, request: bytes) -> None:
        content = waiting.pop(0)
        connection.sendall(content) if content else reset(connection)

    return script, waiting


MEMBER = answer(body=json.dumps({"member": {"guid": "M", "user_guid": "U"}}).encode())


@pytest.mark.parametrize("start", sorted(failures.JOBS))
def test_a_job_whose_answer_was_lost_counts_as_started(start: str):
    script, waiting = at_mx(b"", answer(409), MEMBER)
    with serving(script) as server:
        mx = MX(VendorConfig("atrium", server.url, "id", "key"))
        assert OPERATIONS[start](mx).id == "M"
    assert not waiting


@pytest.mark.parametrize("start", sorted(failures.JOBS))
def test_somebody_elses_job_does_not(start: str):
    script, _ = at_mx(answer(409))
    with serving(script) as server:
        mx = MX(VendorConfig("atrium", server.url, "id", "key"))
        with pytest.raises(errors.VendorBusy):
            OPERATIONS[start](mx)


@pytest.mark.parametrize("delete", ["delete_user", "delete_member"])
def test_a_deletion_whose_answer_was_lost_has_worked(delete: str):
    script, waiting = at_mx(b"", answer(404))
    with serving(script) as server:
        OPERATIONS[delete](MX(VendorConfig("atrium", server.url, "id", "key")))
    assert not waiting
    script, _ = at_mx(answer(404))
    with serving(script) as server, pytest.raises(errors.VendorNotFound):
        OPERATIONS[delete](MX(VendorConfig("atrium", server.url, "id", "key")))
