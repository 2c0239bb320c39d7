"""What a new connection is for: `data_request` in 2025, mode and its companions in 2011."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from sandbox.api import dialects
from sandbox.api.errors import ApiError

PRODUCTS = (
    "account_verification", "identity_verification", "transactions", "transaction_history",
    "statements", "investments", "rewards",
)  # fmt: skip
MORE_JOBS = {"transaction_history": "extend_history", "statements": "fetch_statements"}


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to be done with a connection."""

    verifies: bool = False
    identifies: bool = False
    transactions: bool = True
    more_jobs: tuple[str, ...] = ()

    @property
    def first_job(self) -> str:
        return "VERIFICATION" if self.verifies else "AGGREGATION"

    @property
    def stops_background(self) -> bool:
        """Members that are only verified are not imported by themselves."""
        return self.verifies and not self.transactions


def of_member(request: HttpRequest, params: dict[str, Any]) -> Purpose:
    """What the body of a new member asks for; an aggregation where it says nothing."""
    if not dialects.is_2025(request) or "data_request" not in params:
        return Purpose()
    return of_products(params["data_request"])


def of_products(data_request: Any) -> Purpose:
    """What the products of a `data_request` mean. Raises ApiError."""
    products = data_request.get("products") if isinstance(data_request, dict) else None
    if not isinstance(products, list) or not products:
        raise ApiError(400, "A required parameter was missing: products.")
    if unknown := [str(name) for name in products if name not in PRODUCTS]:
        raise ApiError(400, f"Unknown products: {', '.join(unknown)}.")
    verifies = "account_verification" in products
    return Purpose(
        verifies=verifies,
        identifies="identity_verification" in products,
        transactions="transactions" in products or not verifies,
        more_jobs=tuple(job for name, job in MORE_JOBS.items() if name in products),
    )
