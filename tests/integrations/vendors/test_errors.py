"""The policies of vendors' errors: every class has one, and readers find the nearest."""

from __future__ import annotations

from itertools import combinations

import pytest

from integrations.circuit_breaker import FAILURE_CODES
from integrations.vendors import errors


def with_subclasses(kind: type[errors.VendorError]) -> set[type[errors.VendorError]]:
    deeper = (with_subclasses(subclass) for subclass in kind.__subclasses__())
    return {kind}.union(*deeper)


def test_every_error_has_a_policy():
    classes = {
        kind
        for kind in with_subclasses(errors.VendorError)
        if kind.__module__ == errors.VendorError.__module__
    }
    assert classes | {errors.VendorNotConfigured} == set(errors.POLICIES)


def test_subclasses_come_before_their_base_classes():
    assert not [
        (earlier, later)
        for earlier, later in combinations(errors.POLICIES, 2)
        if issubclass(later, earlier)
    ]


def test_codes_are_unique():
    codes = [policy.code for policy in errors.POLICIES.values()]
    assert len(set(codes)) == len(codes)


def test_requests_that_cost_no_attempt_may_pass():
    """When it is repeated, or after staff corrected the settings."""
    for policy in errors.POLICIES.values():
        if policy.postpone_seconds is not None:
            assert policy.is_retryable or policy.fault is errors.Fault.CONFIGURATION


@pytest.mark.parametrize(
    ("error", "code", "is_retryable"),
    [
        (errors.VendorTimeout(), "vendor_timeout", True),
        (errors.VendorUnsupported(), "vendor_unsupported", False),
        (errors.VendorError(), "vendor_error", False),
    ],
)
def test_errors_know_their_policy(error: errors.VendorError, code: str, *, is_retryable: bool):
    assert (error.code, error.is_retryable) == (code, is_retryable)


def test_a_subclass_elsewhere_has_the_policy_of_its_base_class():
    subclass = type("_MaintenanceAnnounced", (errors.VendorUnavailable,), {"__doc__": "Later."})
    assert errors.policy_of(subclass()) is errors.POLICIES[errors.VendorUnavailable]


def test_the_circuit_breaker_counts_what_the_vendor_fails_at():
    assert {"vendor_unavailable", "vendor_timeout", "vendor_bad_response"} == FAILURE_CODES
