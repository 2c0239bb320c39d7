"""MX's webhooks: what each kind is about, and what of it may be stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.vendors.mx import webhooks
from integrations.vendors.records import SyncScope, WebhookEvent

MEMBER, USER = (
    "MBR-48d9a481-f2a2-7e13-2685-62869cf0d33a",
    "USR-eaf4ac68-d17d-5e9b-7b46-959a5b315a9e",
)
OF_MEMBER = {"member_guid": MEMBER, "user_guid": USER}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: (
        st.lists(values) | st.dictionaries(st.sampled_from(sorted(webhooks.PLAIN_KEYS)), values)
    ),
    max_leaves=10,
)


def parsed(**payload: Any) -> WebhookEvent:
    event = webhooks.parse(payload)
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("payload", "kind", "scope"),
    [
        ({"type": "AGGREGATION", **OF_MEMBER}, "AGGREGATION", SyncScope.EVERYTHING),
        ({"type": "BALANCE", **OF_MEMBER}, "BALANCE", SyncScope.BALANCES),
        ({"type": "balance", **OF_MEMBER}, "balance", SyncScope.BALANCES),
        ({"type": "CONNECTION_STATUS", **OF_MEMBER}, "CONNECTION_STATUS", SyncScope.STATUS),
        ({"type": "initial_data_ready", "guid": "WHE-1", **OF_MEMBER}, "initial_data_ready",
         SyncScope.EVERYTHING),
        ({"guid": MEMBER, "user_guid": USER, "action": "created"}, "MEMBER created",
         SyncScope.EVERYTHING),
        ({"guid": MEMBER, "user_guid": USER, "action": "Deleted"}, "MEMBER deleted",
         SyncScope.STATUS),
        ({"guid": "ACT-1", "type": "CHECKING", "action": "updated", **OF_MEMBER}, "ACCOUNT updated",
         SyncScope.EVERYTHING),
        ({"guid": "TRN-1", "type": "DEBIT", "action": "deleted", **OF_MEMBER},
         "TRANSACTION deleted", SyncScope.EVERYTHING),
        ({"guid": "HOL-1", "action": "created", **OF_MEMBER}, "HOLDING created",
         SyncScope.EVERYTHING),
        ({"guid": "JOB-1", "action": "updated", **OF_MEMBER}, "JOB updated", SyncScope.EVERYTHING),
        ({"guid": "NEW-1", "action": "made up", **OF_MEMBER}, "NEW", SyncScope.EVERYTHING),
        ({"type": "VERIFICATION", **OF_MEMBER}, "VERIFICATION", SyncScope.EVERYTHING),
        (OF_MEMBER, "UNKNOWN", SyncScope.EVERYTHING),
    ],
)  # fmt: skip
def test_kinds_that_are_about_a_member(payload: dict[str, Any], kind: str, scope: SyncScope):
    event = parsed(**payload)
    assert (event.kind, event.scope) == (kind, scope)
    assert (event.member_id, event.user_id) == (MEMBER, USER)


def test_a_user_is_about_no_member():
    event = parsed(guid=USER, action="deleted", revision=2)
    assert (event.kind, event.scope) == ("USER deleted", SyncScope.STATUS)
    assert (event.member_id, event.user_id) == (None, USER)


@pytest.mark.parametrize(
    ("payload", "account"),
    [({"guid": "HOL-1", "account_guid": "ACT-1"}, "ACT-1"), ({"guid": "ACT-2"}, "ACT-2")],
)
def test_objects_that_name_no_member(payload: dict[str, Any], account: str):
    event = parsed(**payload, action="created", user_guid=USER)
    assert (event.member_id, event.account_id, event.user_id) == (None, account, USER)
    assert not event.is_about_user


@pytest.mark.parametrize(
    "payload",
    [{"action": "test", "version": 1}, {"action": "TEST", "member": {}, "version": 1}],
)
def test_tests(payload: dict[str, Any]):
    assert parsed(**payload).is_test


@pytest.mark.parametrize(
    "payload",
    [{"guid": "BGT-1", "user_guid": USER, "action": "created"}, {"type": "INSIGHT"}, {}, [], "x",
     None],
)  # fmt: skip
def test_payloads_without_user_and_member_concern_nobody(payload: Any):
    assert webhooks.parse(payload) is None


@pytest.mark.parametrize(
    ("payload", "subject", "revision"),
    [
        ({"type": "initial_data_ready", "guid": "WHE-1"}, "WHE-1", 0),
        ({"guid": "ACT-1", "revision": 3}, "ACT-1", 3),
        ({"guid": "ACT-1", "revision": "4"}, "ACT-1", 4),
        ({"guid": "ACT-1"}, None, 0),
        ({"guid": "ACT-1", "revision": -1}, None, 0),
        ({"guid": "ACT-1", "revision": 10**40}, None, 0),
        ({"type": "AGGREGATION", "revision": 3}, None, 0),
    ],
)
def test_numbered_changes(payload: dict[str, Any], subject: str | None, revision: int):
    event = parsed(**OF_MEMBER, **payload)
    assert (event.subject, event.revision) == (subject, revision)


def test_stored_fields_of_an_account():
    account = {
        "guid": "ACT-1", "type": "CHECKING", "action": "updated", "revision": 3,
        "updated_at": 1531947410, "name": "Ada's Checking", "account_number": "3331261",
        "balance": 1000.5, "user_id": "ada@demo.example", "id": "ada", "metadata": "Ada",
        "member_guid": "Ada Lovelace", "account_guid": ["Ada"], "merchant_guid": "MCH-1",
    }  # fmt: skip
    assert webhooks.redact(account) == {
        "guid": "ACT-1", "type": "CHECKING", "action": "updated", "revision": 3,
        "updated_at": 1531947410,
    }  # fmt: skip


@given(ANY_JSON)
def test_any_json_is_taken(payload: Any):
    webhooks.parse(payload)
    json.dumps(webhooks.redact(payload), allow_nan=False)
