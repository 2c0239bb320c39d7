"""Links to the pages of rows, for the columns of lists and for fields."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def row_link(row: Model | None, text: str = "") -> SafeString:
    """A link to the row's page; its name alone if it has none; empty for None."""
    if row is None:
        return SafeString("")
    label = text or str(row)
    try:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), label)
    except NoReverseMatch:
        return format_html("{}", label)


def customer_link(row: Any) -> SafeString:
    """A link to the page of the customer whom a row with `client` and `business` belongs to."""
    return row_link(row.client or row.business)


def link_to(model: type[Model], pk: UUID | None) -> SafeString:
    """A link to the page of a row of which only the id is known; empty for None."""
    return SafeString("") if pk is None else row_link(model(pk=pk), str(pk))


def joined(*parts: Any) -> SafeString:
    """The parts that are not empty, with dots between them."""
    return format_html_join(" · ", "{}", ((part,) for part in parts if part))
