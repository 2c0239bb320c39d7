"""Find a client or business by whatever somebody knows about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower

from integrations.models import AccountLink, Member, VendorUser
from nucleus import usernames
from nucleus.hydrogen.fields import uuid_of
from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
    BankLink,
    Business,
    Client,
    Tenant,
)

MAX_FOUND = 20
MAX_LENGTH = 255
MAX_WORDS = 6  # of a name
MAX_SCANNED = 3000  # clients, and businesses, in which parts of words are looked for: 0.1 s
PERSON_COLUMNS = ("first_name", "last_name", "username", "email", "secondary_id")
PERSON_INDEXED = ("first_name", "last_name", "email")  # in any case
FIRM_INDEXED = ("legal_name", "dba_name", "email")
FIRM_COLUMNS = ("legal_name", "dba_name", "email", "secondary_id")
# What belongs to an owner and is found by our id: label, rows, the path to the owner.
OWNED: tuple[tuple[str, type[Any], str], ...] = (
    ("account id", AggregationAccount, ""),
    ("connection id", Member, "vendor_user__"),
    ("bank link id", BankLink, ""),
    ("transaction id", AggregationAccountTransaction, "aggregation_account__"),
)
# What is found by the vendor's id: label, rows, column, the path to the owner.
OF_VENDOR: tuple[tuple[str, type[Any], str, str], ...] = (
    ("vendor's user id", VendorUser, "vendor_user_id", ""),
    ("vendor's connection id", Member, "vendor_member_id", "vendor_user__"),
    ("vendor's account id", AccountLink, "vendor_account_id", "aggregation_account__"),
)


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer that a search has found.

    Attributes:
        found_by: what of the customer the text is, in words.
    """

    owner: Client | Business
    found_by: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search has found.

    Attributes:
        customers: at most MAX_FOUND, exact matches first.
        is_complete: False if there may be more, because the tables are too large to look for parts
            of words in all rows, or more than MAX_FOUND match.
    """

    customers: list[FoundCustomer]
    is_complete: bool


def search(text: str, *, tenants: QuerySet[Tenant]) -> SearchResult:
    """Find customers by name, user name, e-mail, secondary id, our ids or the vendor's ids.

    Whole values are found in all rows by indexes, parts of words among the newest
    MAX_SCANNED clients and businesses. Makes at most 13 queries.

    Args:
        tenants: whose customers are found.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_LENGTH or not text.isprintable():
        return SearchResult([], is_complete=True)
    scope = Q(tenant__in=list(tenants.order_by().values_list("pk", flat=True)))
    own_id = uuid_of(text.lower())
    matches = _Matches()
    if own_id is not None:
        matches.add(_by_own_id(own_id, scope))
    matches.add(_by_vendor_id(text, scope))
    is_complete = True
    if own_id is None:
        matches.add(_by_exact_text(text, scope))
        is_complete = matches.add(_by_part_of_name(text, scope)) and not _is_any_large()
    return SearchResult(matches.customers(), is_complete and not matches.is_full)


class _Matches:
    """The customers so far, each once, by what found it first."""

    def __init__(self) -> None:
        self._by_key: dict[UUID, FoundCustomer] = {}

    def add(self, matches: Iterable[tuple[str, Client | Business | None]]) -> bool:
        """Add the matches; False if there are too many."""
        for label, owner in matches:
            if owner is not None:
                self._by_key.setdefault(owner.pk, FoundCustomer(owner, label))
        return not self.is_full

    @property
    def is_full(self) -> bool:
        return len(self._by_key) > MAX_FOUND

    def customers(self) -> list[FoundCustomer]:
        return list(self._by_key.values())[:MAX_FOUND]


LabelledOwners = Iterator[tuple[str, Client | Business | None]]


def _by_own_id(own_id: UUID, scope: Q) -> LabelledOwners:
    for label, model in (("client id", Client), ("business id", Business)):
        rows: QuerySet[Any] = model.unscoped.filter(scope, pk=own_id)
        yield label, rows.select_related("tenant").first()
    for label, model, path in OWNED:
        yield from _owners(label, model.unscoped.filter(scope, pk=own_id), path)


def _by_vendor_id(text: str, scope: Q) -> LabelledOwners:
    for label, model, column, path in OF_VENDOR:
        yield from _owners(label, model.unscoped.filter(scope, **{column: text}), path)


def _owners(label: str, rows: QuerySet[Any], path: str) -> LabelledOwners:
    names = (f"{path}client__tenant", f"{path}business__tenant")
    for row in rows.select_related(*names)[: MAX_FOUND + 1]:
        holder = row
        for step in path.removesuffix("__").split("__") if path else ():
            holder = getattr(holder, step)
        yield label, holder.client or holder.business


def _by_exact_text(text: str, scope: Q) -> LabelledOwners:
    """By values that an index finds in all rows."""
    people = Client.unscoped.filter(scope).select_related("tenant")
    firms = Business.unscoped.filter(scope).select_related("tenant")
    key = usernames.key(text)
    for label, rows in (
        ("user name", people.filter(username_key=key)),
        ("secondary id", people.filter(secondary_id=text)),
        ("secondary id", firms.filter(secondary_id=text)),
        ("name or e-mail", _with_lower(people, PERSON_INDEXED).filter(_is_person(text))),
        ("name or e-mail", _with_lower(firms, FIRM_INDEXED).filter(_is_any(FIRM_INDEXED, text))),
    ):
        for row in rows.order_by("-create_date")[: MAX_FOUND + 1]:
            yield label, row


def _with_lower(rows: QuerySet[Any], names: Sequence[str]) -> QuerySet[Any]:
    result: QuerySet[Any] = rows.alias(**{f"lower_{name}": Lower(name) for name in names})
    return result


def _is_person(text: str) -> Q:
    """First, last or full name, in either order, or the e-mail, in any case."""
    condition = _is_any(PERSON_INDEXED, text)
    words = text.replace(",", " ").split()[:MAX_WORDS]
    for count in range(1, len(words)):
        start, end = (Lower(Value(" ".join(part))) for part in (words[:count], words[count:]))
        condition |= Q(lower_first_name=start, lower_last_name=end)
        condition |= Q(lower_first_name=end, lower_last_name=start)
    return condition


def _is_any(names: Sequence[str], text: str) -> Q:
    condition = Q()
    for name in names:
        condition |= Q(**{f"lower_{name}": Lower(Value(text))})
    return condition


def _by_part_of_name(text: str, scope: Q) -> LabelledOwners:
    """Each word is a part of one of the columns, among the newest rows."""
    words = text.split()[:MAX_WORDS]
    for model, columns in ((Client, PERSON_COLUMNS), (Business, FIRM_COLUMNS)):
        rows: QuerySet[Any] = model.unscoped.filter(scope).order_by("-create_date")
        newest = rows.values("pk")[: _window()]
        matching: QuerySet[Any] = model.unscoped.filter(pk__in=newest)
        for word in words:
            alternatives = Q()
            for column in columns:
                alternatives |= Q(**{f"{column}__icontains": word})
            matching = matching.filter(alternatives)
        for row in matching.select_related("tenant").order_by("-create_date")[: MAX_FOUND + 1]:
            yield "part of a name, e-mail or id", row


def _window() -> int:
    return min(MAX_SCANNED, settings.LIST_WINDOW)


def _is_any_large() -> bool:
    limit = _window()
    return any(
        model._base_manager.order_by()[: limit + 1].count() > limit for model in (Client, Business)
    )
