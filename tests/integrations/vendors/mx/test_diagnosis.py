"""Test connection: what MX says to a credential, and where else a refused one belongs."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx import SPEC, apis
from integrations.vendors.records import CheckResult
from tests.integrations.vendors.scripted_server import Script, always, answer, serving

USERS = answer(body=json.dumps({"users": [], "pagination": {"total_pages": 1}}).encode())
UNAUTHORIZED = answer(401, b'{"error": {"message": "no"}}')
ONCE = CallPolicy(attempts=1)


def check(
    url: str, api: str = "atrium", on_call: Callable[[CallRecord], None] | None = None
) -> CheckResult:
    return SPEC.open(VendorConfig(api, url, "id", "key", ONCE, on_call)).check()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (USERS, "MX accepts these keys."),
        (answer(403), "MX refuses this caller: add the gateway's IP address"),
        (answer(406), "MX does not serve version v1 of MX Atrium"),
        (answer(404, b"<html>", ""), "it is not MX: it sent 404"),
        (answer(405), "it is not MX: it sent 405"),
        (answer(302, b"", "Location: https://other.example/\r\n"), "it is not MX: it sent a redir"),
        (answer(200, b"<html>Welcome</html>"), "it is not MX: it sent a web page"),
        (answer(200, b'{"users": {}}'), "it is not MX: it sent JSON that is no list of users"),
        (answer(500), "MX has a problem of its own."),
        (answer(503), "MX is not available at the moment."),
    ],
)
def test_the_answer_is_explained(script: bytes, message: str):
    with serving(always(script)) as server:
        result = check(server.url)
    assert result.ok is (script == USERS)
    assert message in result.message
    assert len(server.requests) == 1


Places = dict[tuple[str, str], Script]  # API and environment → what its server does


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """Servers in the place of all environments of MX's APIs; all refuse at first."""
    scripts: Places = {}
    with ExitStack() as stack:
        for slug, api in list(apis.APIS.items()):
            urls = {}
            for name in api.environments:
                scripts[slug, name] = always(UNAUTHORIZED)

                def script(
                    connection: socket.socket, request: bytes, place: tuple[str, str] = (slug, name)
                ) -> None:
                    scripts[place](connection, request)

                urls[name] = stack.enter_context(serving(script)).url
            monkeypatch.setitem(apis.APIS, slug, replace(api, environments=urls))
        yield scripts


def all_places() -> list[tuple[str, str]]:
    return [(slug, name) for slug, api in apis.APIS.items() for name in api.environments]


@pytest.mark.parametrize("home", all_places())
@pytest.mark.parametrize("here", all_places())
def test_keys_of_another_api_or_environment_are_recognised(
    places: Places, here: tuple[str, str], home: tuple[str, str]
):
    places[home] = always(USERS)
    calls: list[CallRecord] = []
    result = check(apis.APIS[here[0]].environments[here[1]], here[0], on_call=calls.append)
    assert result.ok is (here == home)
    if here == home:
        return
    assert f"keys of MX {apis.APIS[home[0]].name} ({home[1]})" in result.message
    assert [call.is_probe for call in calls] == [False] + [True] * (len(calls) - 1)
    assert len(calls) <= 2 * len(places)


def test_keys_that_nobody_accepts_are_wrong(places: Places):
    calls: list[CallRecord] = []
    result = check(apis.APIS["atrium"].environments["production"], on_call=calls.append)
    assert not result.ok
    assert "MX does not accept the keys" in result.message
    assert "They are not keys of " in result.message
    assert "MX Atrium (development)" in result.message
    assert "nor are the fields swapped" in result.message
    assert len(calls) == 2 * len(places)


def test_timeouts_do_not_count_as_refusals(places: Places):
    places["atrium", "development"] = lambda connection, request: connection.close()
    result = check(apis.APIS["atrium"].environments["production"])
    assert "Could not ask MX Atrium (development)." in result.message


def test_keys_of_a_custom_base_url_are_sent_to_no_other_host(places: Places):
    """MX's own hosts would accept them, but staff entered them for this one."""
    for place in places:
        places[place] = always(USERS)
    calls: list[CallRecord] = []
    with serving(always(UNAUTHORIZED)) as server:
        result = check(server.url, on_call=calls.append)
    assert not result.ok
    assert "MX does not accept the keys" in result.message
    assert len(server.requests) == len(calls) == 2 * len(apis.APIS)


def accepts_only(client_id: str, secret: str) -> Script:
    """A server of MX that knows one pair of keys, of either API."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    atrium = (f"mx-client-id: {client_id}\r\n".lower(), f"mx-api-key: {secret}\r\n".lower())

    def script(connection: socket.socket, request: bytes) -> None:
        head = request.decode()
        is_known = f"Basic {basic}" in head or all(line in head.lower() for line in atrium)
        connection.sendall(USERS if is_known else UNAUTHORIZED)

    return script


@pytest.mark.parametrize("here", all_places())
@pytest.mark.parametrize("home", all_places())
def test_swapped_fields_are_recognised_wherever_the_keys_belong(
    places: Places, here: tuple[str, str], home: tuple[str, str]
):
    places[home] = accepts_only("key", "id")  # which `check` has as "id" and "key"
    result = check(apis.APIS[here[0]].environments[here[1]], here[0])
    assert not result.ok
    assert "fields are swapped" in result.message
    name = f"of MX {apis.APIS[home[0]].name} ({home[1]})"
    assert (name in result.message) is (here != home)


def test_swapped_fields_of_a_custom_base_url():
    with serving(accepts_only("key", "id")) as server:
        assert "fields are swapped" in check(server.url).message
        assert "fields are swapped" in check(server.url, "platform").message


def closed(connection: socket.socket, request: bytes) -> None:
    connection.close()


def silent(connection: socket.socket, request: bytes) -> None:
    connection.recv(1)


def test_a_reset_differs_from_a_timeout():
    policy = replace(ONCE, read_timeout=0.3)
    for script, reason in ((closed, "closed before an answer came"), (silent, "sent no answer")):
        with serving(script) as server:
            config = VendorConfig("platform", server.url, "id", "key", policy)
            result = SPEC.open(config).check()
            port = server.url.rpartition(":")[2]
        assert f"MX cannot be reached at 127.0.0.1, port {port}: " in result.message
        assert reason in result.message


@pytest.mark.parametrize(
    ("url", "place", "reason"),
    [
        ("http://127.0.0.1:9", "127.0.0.1, port 9", "the connection was refused"),
        ("https://mx.invalid", "mx.invalid, port 443", "its name is not known (DNS)"),
    ],
)
def test_an_unreachable_host_is_named_with_the_reason(url: str, place: str, reason: str):
    assert f"MX cannot be reached at {place}: {reason}" in check(url).message


def test_http_where_tls_is_expected():
    def greet(plain: socket.socket) -> socket.socket:
        plain.sendall(answer(400))  # as web servers answer what is no HTTP
        return plain

    with serving(always(USERS), greet) as server:
        result = check(server.url.replace("http:", "https:"))
    assert "it does not speak TLS" in result.message


@pytest.mark.parametrize("header", ["", "Date: nonsense\r\n", f"Date: {'9' * 100}\r\n"])
def test_a_clock_that_the_answer_does_not_tell_is_unknown(header: str):
    calls: list[CallRecord] = []
    with serving(always(answer(200, b'{"users": []}', header))) as server:
        assert check(server.url, on_call=calls.append).ok
    assert calls[0].clock_offset is None


def test_the_vendors_clock_is_compared_with_ours():
    calls: list[CallRecord] = []
    late = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    with serving(always(answer(200, b'{"users": []}', f"Date: {late}\r\n"))) as server:
        assert check(server.url, on_call=calls.append).ok
    assert calls[0].clock_offset == pytest.approx(-3600, abs=60)
