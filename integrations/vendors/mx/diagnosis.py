"""Whether MX accepts a credential; if not, which other API or environment of MX does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from integrations.vendors import errors
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx.apis import APIS, dialect_of
from integrations.vendors.mx.client import Client
from integrations.vendors.records import CheckResult

ACCEPTED = "MX accepts these keys."
NOT_MX = "Something answered, but it is not MX. Check the environment under Credentials."
LIST_USERS, QUERY = "list_users", {"records_per_page": "10"}
# Asking elsewhere comes on top of the answer that staff wait for.
PROBE_POLICY = CallPolicy(
    read_timeout=4.0, call_deadline=4.0, total_deadline=4.0, max_bytes=1024 * 1024, attempts=1
)


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
    except errors.VendorTimeout:
        return CheckResult(ok=False, message="MX did not answer in time.")
    except errors.VendorError as error:
        return CheckResult(ok=False, message=_explained(config, error))
    if not _is_user_list(answer):
        return CheckResult(ok=False, message=NOT_MX)
    return CheckResult(ok=True, message=ACCEPTED)


def _explained(config: VendorConfig, error: errors.VendorError) -> str:
    """Why the check failed, and what to do about it."""
    match error.status:
        case 401:
            return _refused_keys(config, error)
        case 406:
            dialect = dialect_of(config)
            name = f"MX {APIS[dialect.api].name}"
            return (
                f"MX does not serve version {dialect.version} of {name} to these keys. "
                "Choose another version under Credentials."
            )
        case 404 | 405:
            return NOT_MX
        case _ if isinstance(error, errors.VendorBadResponse):
            return NOT_MX
        case _:
            return str(error)


def _refused_keys(config: VendorConfig, error: errors.VendorError) -> str:
    """Which other place accepts the keys, or that none does."""
    here = _place_of(config)
    refused, unanswered = [], []
    for place in _other_places(here):
        match _accepts(config, place):
            case True:
                return (
                    f"These are keys of {place}, which accepts them; {here} does not. Choose that "
                    "API and environment under Credentials, or enter the keys of this one."
                )
            case False:
                refused.append(str(place))
            case None:
                unanswered.append(str(place))
    sentences = [str(error)]
    if refused:
        sentences.append(f"They are not keys of {', '.join(refused)} either.")
    if unanswered:
        sentences.append(f"Could not ask {', '.join(unanswered)}.")
    return " ".join(sentences)


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
