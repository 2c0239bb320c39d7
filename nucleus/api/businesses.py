"""/business."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from nucleus.api import owners
from nucleus.api.owner_views import OwnerDetailView, OwnerListView
from nucleus.hydrogen import openapi_schemas, renderers
from nucleus.hydrogen.fields import WebUrlField
from nucleus.hydrogen.nested_serializers import MAX_PARTS, Ownership
from nucleus.hydrogen.request_serializers import OPTIONAL
from nucleus.hydrogen.unknown_names import READ_ONLY
from nucleus.models import Business, Client
from nucleus.reads.visibility import visible_rows

EXAMPLE = {
    "legal_name": "Demo Bakery LLC",
    "legal_structure": "llc",
    "email": "office@demo.example",
    "incorporation_country": "US",
    "incorporation_date": "2019-05-01",
}


class BusinessBody(owners.OwnerBody):
    """A business as it is written; null is the same as left out."""

    website = WebUrlField(absolute=False, **OPTIONAL)
    ownership = serializers.ListField(child=Ownership(), required=False, max_length=MAX_PARTS)

    class Meta:
        model = Business
        fields = [
            *(name for name in renderers.BUSINESS if name not in READ_ONLY),
            "identification_number",
        ]

    def validate_ownership(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids: set[UUID] = {owner["client_id"] for owner in value}
        rows = visible_rows(self.context["caller"], Client).filter(pk__in=ids)
        rows = rows.filter(erase_requested_at=None)
        unknown = ids - set(rows.values_list("pk", flat=True))
        if unknown:
            names = ", ".join(sorted(map(str, unknown)))
            raise serializers.ValidationError(f"There is no client {names}.")
        return [{**owner, "client_id": str(owner["client_id"])} for owner in value]


BUSINESS = owners.OwnerType(
    model=Business,
    name="Business",
    label="business",
    plural="businesses",
    body=BusinessBody,
    fields=renderers.BUSINESS,
    render=renderers.business,
    schema=openapi_schemas.Business,
    example=EXAMPLE,
    create_description="Create its vendor user with POST /integration/v1/user.",
)


class BusinessListView(OwnerListView):
    owner_type = BUSINESS


class BusinessDetailView(OwnerDetailView):
    owner_type = BUSINESS
