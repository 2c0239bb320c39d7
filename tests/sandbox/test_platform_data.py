"""What MX Platform's lists say of accounts, transactions and holdings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.sandbox.platform import V2011, V2025, account_of, status_of
from tests.sandbox_process import Sandbox


def window(version: str, first: date, last: date) -> dict[str, str]:
    if version == V2011:
        return {"from_date": str(first), "to_date": str(last)}
    midnights = (datetime.combine(day, datetime.min.time(), UTC) for day in (first, last))
    return {
        name: str(int(moment.timestamp()))
        for name, moment in zip(("from_date", "to_date"), midnights, strict=True)
    }


def test_windows_of_transactions(platform: Sandbox, user: str, member: str, version: str):
    path = f"/users/{user}/accounts/{account_of(platform, user, member)}/transactions"
    today = datetime.now(UTC).date()
    rows = platform.call("GET", path, params={"records_per_page": 1000})["transactions"]
    days = [date.fromisoformat(row["date"]) for row in rows]
    assert days == sorted(days, reverse=True)
    assert today - timedelta(days=120) <= min(days) < today - timedelta(days=110)
    first, last = today - timedelta(days=20), today - timedelta(days=10)
    params = window(version, first, last) | {"records_per_page": "1000"}
    few = platform.call("GET", path, params=params)["transactions"]
    assert [row["guid"] for row in few] == [
        row["guid"] for row in rows if str(first) <= row["date"] <= str(last)
    ]
    other = window(V2025 if version == V2011 else V2011, first, last)
    assert status_of(platform, "GET", path, params=other) == 400


def test_transactions_by_when_they_changed(platform: Sandbox, user: str, member: str, version: str):
    path = f"/users/{user}/members/{member}/transactions"
    rows = platform.call("GET", path, params={"records_per_page": 1000})["transactions"]
    first, last = date.today() - timedelta(days=30), date.today() - timedelta(days=20)
    bounds = {
        name.replace("date", "updated_at"): text
        for name, text in window(version, first, last + timedelta(days=version == V2025)).items()
    }
    changed = platform.call("GET", path, params=bounds | {"records_per_page": 1000})
    assert {row["guid"] for row in changed["transactions"]} == {
        row["guid"] for row in rows if str(first) <= row["updated_at"][:10] <= str(last)
    }
    del bounds["to_updated_at"]
    assert status_of(platform, "GET", path, params=bounds) == 400


def test_amounts_keep_their_digits(sandbox: Sandbox, platform: Sandbox, user: str, member: str):
    path = f"/users/{user}/members/{member}/accounts"
    atrium = {row["guid"]: row["balance"] for row in sandbox.listed(path, "accounts")}
    shown = {row["guid"]: row["balance"] for row in platform.listed(path, "accounts")}
    assert {key: str(value) for key, value in shown.items()} == {
        key: str(value) for key, value in atrium.items()
    }
    assert all(isinstance(value, Decimal) for value in shown.values())


def test_transactions_with_their_merchants(platform: Sandbox, user: str, member: str):
    path = f"/users/{user}/accounts/{account_of(platform, user, member)}/transactions"
    names = "repeating_transactions,merchants,classifications,geolocations"
    rows = platform.call("GET", path, params={"includes": names, "records_per_page": 1000})
    by_name = {row["description"]: row for row in rows["transactions"]}
    coffee = by_name["Coffee Shop"]
    assert coffee["merchant"]["guid"] == coffee["merchant_guid"]
    assert coffee["geolocation"]["postal code"] == "84000"
    assert coffee["classification"]["parent_class"] == "Spend"
    assert coffee["repeating_transaction"] is None
    assert by_name["Music Streaming"]["repeating_transaction"]["guid"].startswith("RPT-")
    assert status_of(platform, "GET", path, params={"includes": "everything"}) == 400
    merchant = platform.call("GET", f"/merchants/{coffee['merchant_guid']}")["merchant"]
    assert merchant["logo_url"] == coffee["merchant"]["logo_url"]
    place = f"/merchant_locations/{coffee['merchant_location_guid']}"
    assert platform.call("GET", place)["merchant_location"]["city"] == "Testville"


def test_holdings(sandbox: Sandbox, platform: Sandbox, user: str, member: str):
    account = account_of(platform, user, member, "INVESTMENT")
    path = f"/users/{user}/accounts/{account}"
    rows = platform.listed(f"{path}/investment_holdings", "investment_holdings")
    stored = {row["guid"]: row for row in sandbox.listed(f"{path}/holdings", "holdings")}
    assert {row["guid"] for row in rows} == set(stored)
    for row in rows:
        assert row["quantity"] == str(stored[row["guid"]]["shares"])
        worth = row["current_price"] * Decimal(row["quantity"])
        assert abs(worth - row["market_value"]) < 5
        single = platform.call("GET", f"/users/{user}/investment_holdings/{row['guid']}")
        assert single["investment_holding"] == row
    assert platform.call("GET", f"/users/{user}/investment_holdings_deactivate")["status"] == 200
    assert status_of(platform, "GET", f"{path}/holdings") == 404


def test_user_wide_lists_have_ghosts(platform: Sandbox, user: str, member: str):
    account = account_of(platform, user, member)
    path = f"/users/{user}"
    before = platform.listed(f"{path}/transactions", "transactions")
    assert status_of(platform, "DELETE", f"{path}/members/{member}") == 204
    assert status_of(platform, "GET", f"{path}/members/{member}/accounts") == 404
    assert status_of(platform, "GET", f"{path}/accounts/{account}/transactions") == 404
    assert account in {row["guid"] for row in platform.listed(f"{path}/accounts", "accounts")}
    assert platform.listed(f"{path}/transactions", "transactions") == before
