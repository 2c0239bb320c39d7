"""Compares what the gateway's API says of a person with what the bank says."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from integrations.models import AccountLink
from tests.api import Api
from tests.life.people import JSON, Person

NUCLEUS = "/nucleus/v1"
# The first import has a little more; the window that every retrieval reads is this long.
COMPARED_DAYS = 60


def differences(api: Api, person: Person) -> list[str]:
    """What the gateway and the bank say differently; empty if both agree."""
    members = {row["guid"]: row for row in person.members()}
    expected: dict[str, JSON] = {}
    for member in members.values():
        report = person.bank(member["successfully_aggregated_at"].replace("+00:00", "Z"))
        for account in report["accounts"]:
            if member["guid"] in account["members"] and _counts(account):
                expected[account["account"]] = account | {"at": report["at"]}
    stored = _listed(api, f"{NUCLEUS}/aggregation_account", filter=f"client_id=={person.client.pk}")
    active = {row["id"]: row for row in stored if row["is_active"]}
    bank_ids = _bank_ids(person, expected)
    differing = []
    for account_id in active.keys() - bank_ids.keys():
        differing.append(f"{account_id} ({active[account_id]['account_name']}) is active only here")
    active_counts = Counter(bank_ids[account_id] for account_id in active.keys() & bank_ids.keys())
    for bank_id, account in expected.items():
        if active_counts[bank_id] != 1:
            differing.append(
                f"{account['name']} ({bank_id}) is active {active_counts[bank_id]} times; links: "
                f"{_history(account)}"
            )
    differing += _compare_ids(api, person, expected, bank_ids)
    for account_id, bank_id in bank_ids.items():
        if account_id in active:
            differing += _compare(api, active[account_id], expected[bank_id])
    return (
        differing + _compare_totals(api, person, expected) + _compare_links(api, person, expected)
    )


def _compare_totals(api: Api, person: Person, expected: dict[str, JSON]) -> list[str]:
    path = f"{NUCLEUS}/client/{person.client.pk}/aggregation_account_overview"
    response = api.get(path)
    assert response.status_code == 200, response.data
    here = sum(
        (Decimal(category["total_balance"] or 0) for category in response.data["by_category"]),
        Decimal(),
    )
    at_bank = sum((Decimal(account["balance"]) for account in expected.values()), Decimal())
    return [] if here == at_bank else [f"the totals add up to {here}, not {at_bank}"]


def _compare_links(api: Api, person: Person, expected: dict[str, JSON]) -> list[str]:
    """Verified bank links have the number of a live account, each once."""
    numbers = [
        row["bank_account_number"]
        for row in _listed(api, f"{NUCLEUS}/bank_link", filter=f"client_id=={person.client.pk}")
        if row["is_link_verified"]
    ]
    live = {account["number"] for account in expected.values()}
    wrong = [number for number in numbers if number not in live]
    return [f"bank link with {number} is verified" for number in wrong] + [
        f"{number} is verified {count} times"
        for number, count in Counter(numbers).items()
        if count > 1
    ]


def _counts(account: JSON) -> bool:
    return not account["is_closed"] and not account["is_deleted"]


def _bank_ids(person: Person, expected: dict[str, JSON]) -> dict[str, str]:
    """The bank's guids by the ids of the aggregation accounts that are linked to them."""
    by_guid = {guid: bank_id for bank_id, row in expected.items() for guid in row["mx_guids"]}
    links = AccountLink.unscoped.filter(
        aggregation_account__client=person.client, ended_at=None, vendor_account_id__in=by_guid
    )
    return {str(link.aggregation_account_id): by_guid[link.vendor_account_id] for link in links}


def _compare_ids(
    api: Api, person: Person, expected: dict[str, JSON], bank_ids: dict[str, str]
) -> list[str]:
    """An account keeps its id, unless the gateway reports that it may be the earlier one."""
    differing = []
    for account_id, bank_id in bank_ids.items():
        first_id = person.account_ids.setdefault(bank_id, account_id)
        if first_id == account_id:
            continue
        if _is_reported_as_changed(api, person, first_id, account_id):
            person.account_ids[bank_id] = account_id
        else:
            links = _history(expected[bank_id])
            differing.append(f"{bank_id} was {first_id} and is now {account_id}; links: {links}")
    return differing


def _is_reported_as_changed(api: Api, person: Person, first_id: str, account_id: str) -> bool:
    """Whether a new number or name came with a new connection: then people have to decide."""
    earlier, later = (
        AccountLink.unscoped.filter(aggregation_account=UUID(account))
        .latest("create_date")
        .listed_as
        for account in (first_id, account_id)
    )
    has_changed = any(earlier.get(name) != later.get(name) for name in ("mask", "name"))
    pairs = {
        (
            str(row["nucleus_aggregation_account_id"]),
            str(row["other_nucleus_aggregation_account_id"]),
        )
        for row in _listed(
            api, "/integration/v1/possible_duplicate", nucleus_client_id=str(person.client.pk)
        )
    }
    return has_changed and (account_id, first_id) in pairs


def _history(account: JSON) -> list[str]:
    links = AccountLink.unscoped.filter(vendor_account_id__in=account["mx_guids"])
    return [
        f"{link.vendor_member_id[:8]} {link.create_date:%m-%d} to "
        f"{link.ended_at and link.ended_at.strftime('%m-%d')} {link.end_reason} "
        f"…{link.listed_as.get('mask') if link.listed_as else ''}"
        for link in links.order_by("create_date")
    ]


def _compare(api: Api, row: JSON, bank: JSON) -> list[str]:
    name = f"{bank['name']} ({row['id']})"
    differing = []
    if (row["account_name"], row["mask"]) != (bank["name"], bank["number"][-4:]):
        differing.append(f"{name} is called {row['account_name']} …{row['mask']}")
    balances = _listed(
        api, f"{NUCLEUS}/aggregation_account_balance", filter=f"aggregation_account_id=={row['id']}"
    )
    newest = max(balances, key=lambda balance: balance["balance_time_stamp"], default=None)
    if newest is None or newest["balance"] != Decimal(bank["balance"]):
        differing.append(f"{name}: balance {newest and newest['balance']}, not {bank['balance']}")
    differing += _compare_transactions(api, name, row, bank)
    return differing + _compare_holdings(api, row, bank)


def _compare_transactions(api: Api, name: str, row: JSON, bank: JSON) -> list[str]:
    since = bank["at"][:10]
    first = _days_before(since, COMPARED_DAYS)
    at_bank = Counter(
        (item["date"], Decimal(item["amount"]), item["type"], item["description"], item["status"])
        for item in bank["transactions"]
        if item["date"] >= first
    )
    here = Counter(
        (
            item["booking_date"], item["bank_credit"]["amount"],
            item["bank_credit"]["transaction_type"].upper(),
            item["bank_credit"]["description"], item["status"].upper(),
        )
        for item in _listed(
            api, f"{NUCLEUS}/aggregation_account_transaction",
            filter=f"aggregation_account_id=={row['id']}",
        )
        if item["status"] != "canceled" and item["booking_date"] >= first
    )  # fmt: skip
    missing, surplus = at_bank - here, here - at_bank
    return [f"{name}: lacks {entry}" for entry in missing.elements()] + [
        f"{name}: has {entry} besides" for entry in surplus.elements()
    ]


def _compare_holdings(api: Api, row: JSON, bank: JSON) -> list[str]:
    at_bank = Counter((item["symbol"], Decimal(str(item["shares"]))) for item in bank["holdings"])
    here = Counter(
        (item["ticker"], item["shares"])
        for item in _listed(
            api,
            f"{NUCLEUS}/aggregation_account_holding",
            filter=f"aggregation_account_id=={row['id']}",
        )
        if item["is_active"]
    )
    return [] if at_bank == here else [f"{row['id']}: holds {here}, not {at_bank}"]


def _days_before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def _listed(api: Api, path: str, **filters: Any) -> list[JSON]:
    """All pages of a list."""
    rows: list[JSON] = []
    for page in range(500):
        response = api.get(path, page=page, size=100, **filters)
        assert response.status_code == 200, response.data
        rows += response.data["content"]
        if response.data["last"]:
            return rows
    raise AssertionError("endless pages")
