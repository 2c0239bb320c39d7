"""The state of a credential has one cause at a time, whatever the state before."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations import circuit_breaker
from integrations.circuit_breaker import (
    INTERACTIVE_PROBE_INTERVAL,
    PAUSE,
    REFUSED_PROBE_INTERVAL,
)
from integrations.flows import credentials
from integrations.models import CredentialHealth, VendorCredential
from integrations.models.credentials import REASONS
from integrations.vendors.base import CallRecord
from integrations.vendors.errors import (
    VendorAccessDenied,
    VendorError,
    VendorRateLimited,
    VendorUnavailable,
)
from nucleus.models import Tenant

pytestmark = pytest.mark.django_db
State = CredentialHealth.State


def call(**facts: Any) -> CallRecord:
    record = {"operation": "read_user", "method": "GET", "path_template": "/users", "attempt": 1}
    record |= {"vendor": "mx", "status": 200, "duration_ms": 5}
    return CallRecord(**record | facts)


def unavailable() -> CallRecord:
    return call(status=503, error="vendor_unavailable")


EVENTS: dict[str, list[CallRecord]] = {
    "success": [call()],
    "one failure": [unavailable()],
    "ten failures": [unavailable() for _ in range(10)],
    "time-outs": [call(status=None, error="vendor_timeout") for _ in range(3)],
    "refused": [call(status=401, error="vendor_access_denied")],
    "limited": [call(status=429, error="vendor_rate_limited")],
    "limited until": [call(status=429, error="vendor_rate_limited", retry_after=120)],
    "not found": [call(status=404, error="vendor_not_found")],
    "forbidden": [call(status=403, error="vendor_access_denied")],
}
# What each leaves behind: state, failures, who is turned away and how. None: nothing is learnt.
STATES_AFTER: dict[str, tuple[str, int, Any, Any] | None] = {
    "success": (State.WORKING, 0, None, None),
    "one failure": (State.FAILING, 1, None, None),
    "ten failures": (State.FAILING, 10, VendorUnavailable, VendorUnavailable),
    "time-outs": (State.FAILING, 3, None, None),
    "refused": (State.REFUSED, 0, VendorAccessDenied, None),
    "limited": (State.LIMITED, 0, VendorRateLimited, None),
    "limited until": (State.LIMITED, 0, VendorRateLimited, VendorRateLimited),
    "not found": None,
    "forbidden": None,
}
FAILING = {"one failure", "ten failures", "time-outs"}


@pytest.fixture
def credential(tenant: Tenant) -> VendorCredential:
    row = VendorCredential(tenant=tenant, client_id="id", secret="key")
    row.save()
    return row


def record_event(credential: VendorCredential, name: str) -> None:
    """Each call by a process of its own."""
    for record in EVENTS[name]:
        circuit_breaker.read(credential).record(record)


def refusal(credential: VendorCredential, *, interactive: bool) -> VendorError | None:
    try:
        with transaction.atomic():
            circuit_breaker.read(credential).check(interactive=interactive)
            transaction.set_rollback(True)  # asking whether somebody may try takes no turn
    except VendorError as error:
        return error
    return None


def observed_state(credential: VendorCredential) -> tuple[str, int, Any, Any] | None:
    row = CredentialHealth.objects.filter(pk=credential.pk).first()
    if row is None:
        return None
    job, person = (refusal(credential, interactive=some) for some in (False, True))
    for error in (job, person):
        if error is not None:
            assert str(error) == REASONS[State(row.state)]
            assert error.is_pause
    return row.state, row.failures, job and type(job), person and type(person)


@pytest.mark.parametrize("name", list(EVENTS))
def test_the_state_after_a_call(credential: VendorCredential, name: str):
    record_event(credential, name)
    assert observed_state(credential) == STATES_AFTER[name]


@pytest.mark.parametrize(("first", "second"), list(product(EVENTS, EVENTS)))
def test_a_new_state_keeps_nothing_of_the_old_one(
    credential: VendorCredential, first: str, second: str
):
    record_event(credential, first)
    record_event(credential, second)
    expected = STATES_AFTER[second]
    if expected is None:
        expected = STATES_AFTER[first]
    elif first in FAILING and second in FAILING:  # one run of failures
        failures = len(EVENTS[first]) + len(EVENTS[second])
        away = VendorUnavailable if failures >= 10 else None
        expected = (State.FAILING, failures, away, away)
    assert observed_state(credential) == expected


def test_the_database_refuses_inconsistent_states(credential: VendorCredential):
    now = timezone.now()
    for mixture in (
        {"state": State.WORKING, "retry_at": now},
        {"state": State.REFUSED, "retry_at": now, "anyone_at": now},
        {"state": State.REFUSED, "retry_at": now, "failures": 10},
        {"state": State.LIMITED, "retry_at": now, "failures": 1},
        {"state": State.FAILING},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CredentialHealth.objects.create(credential=credential, since=now, **mixture)


def test_interactive_calls_wait_two_seconds_while_the_vendor_is_down(credential: VendorCredential):
    for _ in range(4):
        record_event(credential, "ten failures")
    job, person = (refusal(credential, interactive=some) for some in (False, True))
    assert job is not None
    assert person is not None
    assert (person.retry_after or 0) <= INTERACTIVE_PROBE_INTERVAL.total_seconds()
    assert PAUSE.total_seconds() < (job.retry_after or 0) <= 300


def test_a_refusal_after_an_outage_pauses_jobs_as_any_refusal(
    credential: VendorCredential,
):
    record_event(credential, "ten failures")
    record_event(credential, "refused")
    job = refusal(credential, interactive=False)
    assert job is not None
    assert (job.retry_after or 0) > REFUSED_PROBE_INTERVAL.total_seconds() - 60
    assert refusal(credential, interactive=True) is None


@pytest.mark.parametrize("name", ["success", "one failure"])
def test_a_call_in_flight_does_not_end_a_pause_of_the_vendor(
    credential: VendorCredential, name: str
):
    for before in ("success", "one failure"):
        record_event(credential, before)
        earlier = circuit_breaker.read(credential)
        record_event(credential, "limited until")
        for record in EVENTS[name]:
            earlier.record(record)
        assert observed_state(credential) == STATES_AFTER["limited until"]


@pytest.mark.parametrize("name", list(EVENTS))
def test_calls_with_the_old_credential_change_nothing(credential: VendorCredential, name: str):
    record_event(credential, "refused")
    earlier = circuit_breaker.read(VendorCredential.unscoped.get(pk=credential.pk))
    credential.save()
    for record in EVENTS[name]:
        earlier.record(record)
    assert observed_state(credential) is None


def test_a_credential_is_untested_until_a_call_succeeds(credential: VendorCredential):
    assert not CredentialHealth.objects.exists()
    record_event(credential, "one failure")
    row = CredentialHealth.objects.get()
    assert row.last_success_at is None
    assert "no call worked yet" in row.describe()
    record_event(credential, "success")
    record_event(credential, "refused")
    row = CredentialHealth.objects.get()
    assert row.last_success_at is not None
    assert row.describe().startswith("Credential refused (last success ")


def test_the_last_success_is_recorded_once_a_minute(
    credential: VendorCredential, django_assert_num_queries: Any
):
    record_event(credential, "success")
    breaker = circuit_breaker.read(credential)
    with django_assert_num_queries(0):
        breaker.record(call())
    CredentialHealth.objects.update(last_success_at=timezone.now() - timedelta(hours=1))
    circuit_breaker.read(credential).record(call())
    row = CredentialHealth.objects.get()
    assert row.last_success_at is not None
    assert row.last_success_at > timezone.now() - timedelta(minutes=1)


def test_saving_a_credential_makes_it_untested(credential: VendorCredential):
    record_event(credential, "refused")
    credentials.credential_changed(credential=credential)
    assert observed_state(credential) is None
