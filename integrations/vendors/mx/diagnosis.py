"""Whether MX accepts a credential; if not, where else it belongs, or what cannot be reached."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from integrations.vendors import errors, http_failures
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx.apis import APIS, dialect_of
from integrations.vendors.mx.client import Client
from integrations.vendors.records import CheckResult

ACCEPTED = "MX accepts these keys."
LIST_USERS, QUERY = "list_users", {"records_per_page": "10"}
CLIENT_ID, SECRET = "Username/Client Id", "Password/Client Secret"  # labels of the fields
# Asking elsewhere comes on top of the answer that staff wait for.
PROBE_POLICY = CallPolicy(
    read_timeout=4.0, call_deadline=4.0, total_deadline=4.0, max_bytes=1024 * 1024, attempts=1
)
PROBE_SECONDS = 15.0  # all probes together


@dataclass(frozen=True, slots=True)
class Place:
    """One API in one environment. Each has keys of its own.

    Args:
        environment: empty for a custom base URL.
    """

    api: str
    environment: str
    base_url: str

    def __str__(self) -> str:
        return f"MX {APIS[self.api].name} ({self.environment or self.base_url})"


def check(config: VendorConfig, client: Client) -> CheckResult:
    """A cheap authenticated read, explained."""
    try:
        answer = client.call(LIST_USERS, query=QUERY)
    except errors.VendorError as error:
        return CheckResult(ok=False, message=_explained(config, error))
    if not _is_user_list(answer):
        return CheckResult(ok=False, message=_not_mx(config, "JSON that is no list of users"))
    return CheckResult(ok=True, message=ACCEPTED)


def _explained(config: VendorConfig, error: errors.VendorError) -> str:
    """Why the check failed, and what to do about it."""
    status = error.status
    if status is None and (reason := _network_reason(error)):
        return (
            f"MX cannot be reached at {_server(config)}: {reason}. Check the environment and the "
            "base URL under Credentials, and that the network allows the connection."
        )
    match status:
        case 401:
            return _refused_keys(config, error)
        case 406:
            dialect = dialect_of(config)
            name = f"MX {APIS[dialect.api].name}"
            return (
                f"MX does not serve version {dialect.version} of {name} to these keys. "
                "Choose another version under Credentials."
            )
        case _ if status is not None and 300 <= status < 400:
            return _not_mx(config, f"a redirect ({status})")
        case 404 | 405:
            return _not_mx(config, f"{status}, so it does not know MX's API")
        case _ if isinstance(error, errors.VendorBadResponse):
            return _not_mx(config, "a web page, or something else that is no JSON")
        case _:
            return str(error)


def _network_reason(error: errors.VendorError) -> str:
    """Why no answer came; empty if one came."""
    reason = http_failures.network_reason(error.__cause__)
    if not reason and isinstance(error, errors.VendorTimeout):
        return "it sent no answer in time"
    return reason


def _server(config: VendorConfig) -> str:
    parts = urlsplit(config.base_url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return f"{parts.hostname}, port {port}"


def _not_mx(config: VendorConfig, answer: str) -> str:
    return (
        f"Something answered at {_server(config)}, but it is not MX: it sent {answer}. Check the "
        "environment and the base URL under Credentials."
    )


def _refused_keys(config: VendorConfig, error: errors.VendorError) -> str:
    """Which other place accepts the keys, or accepts them swapped, or that none does."""
    here = _place_of(config)
    swapped = replace(config, client_id=config.secret, secret=config.client_id)
    until = time.monotonic() + PROBE_SECONDS
    refused, unanswered = [], []
    for place in _other_places(here):
        match _accepts(config, place) if time.monotonic() < until else None:
            case True:
                return (
                    f"These are keys of {place}, which accepts them; {here} does not. Choose that "
                    "API and environment under Credentials, or enter the keys of this one."
                )
            case False:
                refused.append(place)
            case None:
                unanswered.append(place)
    for place in (here, *refused):
        if time.monotonic() < until and _accepts(swapped, place):
            return _swapped_fields(here, place)
    sentences = [str(error)]
    if refused:
        names = ", ".join(map(str, refused))
        sentences.append(f"They are not keys of {names} either, nor are the fields swapped.")
    if unanswered:
        sentences.append(f"Could not ask {', '.join(map(str, unanswered))}.")
    return " ".join(sentences)


def _swapped_fields(here: Place, home: Place) -> str:
    if home == here:
        return (
            "The two fields are swapped: MX accepts these keys the other way round. Exchange "
            f"{CLIENT_ID} and {SECRET}."
        )
    return (
        f"The two fields are swapped, and the keys are of {home}, not of {here}. Exchange "
        f"{CLIENT_ID} and {SECRET}, and choose that API and environment."
    )


def _place_of(config: VendorConfig) -> Place:
    environments = APIS[config.api].environments.items()
    name = next((name for name, url in environments if url == config.base_url), "")
    return Place(config.api, name, config.base_url)


def _other_places(here: Place) -> Iterator[Place]:
    """Where else the keys may belong, the likeliest first.

    With a custom base URL only the other APIs there: nobody else is sent keys that staff entered
    for that host.
    """
    if not here.environment:
        yield from (Place(api, "", here.base_url) for api in APIS if api != here.api)
        return
    places = [
        Place(slug, name, url)
        for slug, api in APIS.items()
        for name, url in api.environments.items()
    ]
    places.remove(here)
    yield from sorted(places, key=lambda place: place.environment != here.environment)


def _accepts(config: VendorConfig, place: Place) -> bool | None:
    """Whether MX accepts the keys in another place; None if it cannot be learned."""

    def on_call(call: CallRecord) -> None:
        if config.on_call is not None:
            config.on_call(replace(call, is_probe=True))

    probe = replace(
        config,
        api=place.api,
        api_version="",
        base_url=place.base_url,
        policy=PROBE_POLICY,
        on_call=on_call,
    )
    try:
        return _is_user_list(Client(probe, dialect_of(probe)).call(LIST_USERS, query=QUERY))
    except errors.VendorAccessDenied as error:
        return False if error.status == 401 else None
    except errors.VendorError:
        return None


def _is_user_list(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("users"), list)
