"""Test connection: what MX says to a credential, and where else a refused one belongs."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

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
        (answer(404, b"<html>", ""), "it is not MX"),
        (answer(405), "it is not MX"),
        (answer(302, b"", "Location: https://other.example/\r\n"), "it is not MX"),
        (answer(200, b"<html>Welcome</html>"), "it is not MX"),
        (answer(200, b'{"users": {}}'), "it is not MX"),
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
    assert len(calls) <= len(places)


def test_keys_that_nobody_accepts_are_wrong(places: Places):
    calls: list[CallRecord] = []
    result = check(apis.APIS["atrium"].environments["production"], on_call=calls.append)
    assert not result.ok
    assert "MX does not accept the keys" in result.message
    assert "They are not keys of " in result.message
    assert "MX Atrium (development)" in result.message
    assert len(calls) == len(places)


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
    assert len(server.requests) == len(calls) == len(apis.APIS)
