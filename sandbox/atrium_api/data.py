"""Accounts, transactions, holdings, account numbers by account, institutions, merchants."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sandbox.atrium_api import members, users
from sandbox.atrium_api.endpoint import answer, endpoint, list_page, payload_page
from sandbox.atrium_api.errors import ApiError
from sandbox.world import lifecycle
from sandbox.world.institutions import INSTITUTIONS, Institution, credentials
from sandbox.world.merchants import ALL, PLACES, Merchant
from sandbox.world.models import Account, Holding, Transaction

SHOPS_UPDATED = "2026-01-15T12:00:00Z"


def _account(user: str, account: str) -> Account:
    row = (
        Account.objects.filter(guid=account, user__guid=user).select_related("member__user").first()
    )
    if row is None:
        raise ApiError(404, "The requested account was not found.")
    return row


def _owned(model: Any, ids: dict[str, str]) -> QuerySet[Any]:
    """Rows of the user, member or account named in the path, which must exist."""
    if "account" in ids:
        return model.objects.filter(account=_account(ids["user"], ids["account"]))
    if "member" in ids:
        return model.objects.filter(member=members.found(ids["user"], ids["member"]))
    return model.objects.filter(user=users.found(ids["user"]))


def _accounts(request: HttpRequest, **ids: str) -> HttpResponse:
    return payload_page(request, "accounts", _owned(Account, ids).order_by("id"))


def _object(key: str, text: str) -> HttpResponse:
    return HttpResponse(f'{{"{key}":{text}}}', content_type="application/json")


def _read_account(request: HttpRequest, user: str, account: str, member: str = "") -> HttpResponse:
    row = _account(user, account)
    if member not in ("", row.member.guid):
        raise ApiError(404, "The requested account was not found.")
    return _object("account", row.payload)


def _transactions(request: HttpRequest, **ids: str) -> HttpResponse:
    today = timezone.now().date()
    since = _day(request, "from_date", today - timedelta(days=90))
    until = _day(request, "to_date", today + timedelta(days=5))
    rows = _owned(Transaction, ids).filter(date__gte=since, date__lte=until)
    return payload_page(request, "transactions", rows.order_by("-date", "-id"))


def _day(request: HttpRequest, name: str, default: date) -> date:
    text = request.GET.get(name)
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApiError(400, f"{name} must be an ISO 8601 date.") from None


def _read_row(model: Any, key: str) -> Any:
    def handler(request: HttpRequest, user: str, row: str) -> HttpResponse:
        found = model.objects.filter(guid=row, user__guid=user).first()
        if found is None:
            raise ApiError(404, f"The requested {key} was not found.")
        return _object(key, found.payload)

    return endpoint(GET=handler)


def _holdings(request: HttpRequest, **ids: str) -> HttpResponse:
    return payload_page(request, "holdings", _owned(Holding, ids).order_by("id"))


def _account_numbers(request: HttpRequest, user: str, account: str) -> HttpResponse:
    row = _account(user, account)
    rows = lifecycle.account_numbers(lifecycle.current(row.member))
    return list_page(
        request, "account_numbers", [one for one in rows if one["account_guid"] == row.guid]
    )


def institution(request: HttpRequest, one: Institution) -> dict[str, Any]:
    """An institution as MX describes it."""
    logo = request.build_absolute_uri(f"/md/connect/logos/{one.code}.svg")
    return {
        "code": one.code,
        "medium_logo_url": logo,
        "name": one.name,
        "small_logo_url": logo,
        "supports_account_identification": one.supports_identification,
        "supports_account_statement": False,
        "supports_account_verification": one.supports_verification,
        "supports_oauth": False,
        "supports_transaction_history": one.supports_history,
        "url": one.url,
    }


def _institutions(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("name", "").lower()
    rows = [institution(request, one) for one in INSTITUTIONS.values() if name in one.name.lower()]
    for flag in (
        "supports_account_identification",
        "supports_account_statement",
        "supports_account_verification",
        "supports_transaction_history",
    ):
        if request.GET.get(flag) == "true":
            rows = [row for row in rows if row[flag]]
    return list_page(request, "institutions", rows)


def _found_institution(code: str) -> Institution:
    if code not in INSTITUTIONS:
        raise ApiError(404, "The requested institution was not found.")
    return INSTITUTIONS[code]


def _read_institution(request: HttpRequest, code: str) -> HttpResponse:
    return answer({"institution": institution(request, _found_institution(code))})


def _credentials(request: HttpRequest, code: str) -> HttpResponse:
    return list_page(request, "credentials", credentials(_found_institution(code).code))


def _merchant(one: Merchant) -> dict[str, Any]:
    return {
        "created_at": SHOPS_UPDATED,
        "guid": one.guid,
        "logo_updated_at": None,
        "logo_url": None,
        "name": one.name,
        "updated_at": SHOPS_UPDATED,
        "website_url": None,
    }


def _merchants(request: HttpRequest) -> HttpResponse:
    return list_page(request, "merchants", [_merchant(one) for one in ALL.values()])


def _read_merchant(request: HttpRequest, guid: str) -> HttpResponse:
    if guid not in ALL:
        raise ApiError(404, "The requested merchant was not found.")
    return answer({"merchant": _merchant(ALL[guid])})


def _location(guid: str) -> dict[str, Any]:
    return {
        "city": "Testville",
        "country": "US",
        "guid": guid,
        "latitude": 40.3916,
        "longitude": -111.8508,
        "merchant_guid": PLACES[guid].guid,
        "phone_number": "(555) 555-0100",
        "postal_code": "84000",
        "state": "UT",
        "store_number": None,
        "street_address": "1 Test Street",
        "updated_at": SHOPS_UPDATED,
    }


def _read_location(request: HttpRequest, guid: str, merchant: str = "") -> HttpResponse:
    if guid not in PLACES or merchant not in ("", PLACES[guid].guid):
        raise ApiError(404, "The requested merchant location was not found.")
    return answer({"merchant_location": _location(guid)})


def _locations(request: HttpRequest, merchant: str) -> HttpResponse:
    found = [_location(guid) for guid, one in PLACES.items() if one.guid == merchant]
    return list_page(request, "merchant_locations", found)


accounts = endpoint(GET=_accounts)
account = member_account = endpoint(GET=_read_account)
transactions = endpoint(GET=_transactions)
transaction = _read_row(Transaction, "transaction")
holdings = endpoint(GET=_holdings)
holding = _read_row(Holding, "holding")
account_numbers = endpoint(GET=_account_numbers)
institutions = endpoint(GET=_institutions)
one_institution = endpoint(GET=_read_institution)
institution_credentials = endpoint(GET=_credentials)
merchants = endpoint(GET=_merchants)
merchant = endpoint(GET=_read_merchant)
merchant_locations = endpoint(GET=_locations)
merchant_location = endpoint(GET=_read_location)
