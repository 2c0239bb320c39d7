"""/business."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nucleus.api import owners
from nucleus.models import Business, Client
from nucleus.wire import objects, schemas
from nucleus.wire.caller import visible_owners

EXAMPLE = {
    "legal_name": "Demo Bakery LLC",
    "legal_structure": "llc",
    "email": "office@demo.example",
    "incorporation_country": "US",
    "incorporation_date": "2019-05-01",
}


@extend_schema_field(OpenApiTypes.FLOAT)
class PercentField(serializers.DecimalField):
    """0 to 100, as a float: it is kept in JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=11, decimal_places=8, min_value=0, max_value=100, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return None if value is None else float(value)


class Ownership(owners.Part):
    """A client who owns a part of the business or acts for it."""

    client_id = serializers.UUIDField()
    role = serializers.CharField(max_length=255)
    percent_ownership = PercentField(required=False, allow_null=True)
    is_beneficial = serializers.BooleanField(required=False, allow_null=True)
    is_primary = serializers.BooleanField(required=False, allow_null=True)


class BusinessBody(owners.OwnerBody):
    """A business as it is written; null is the same as left out."""

    ownership = serializers.ListField(
        child=Ownership(), required=False, max_length=owners.MOST_PARTS
    )

    class Meta:
        model = Business
        fields = [
            *(name for name in objects.BUSINESS if name not in owners.READ_ONLY),
            "identification_number",
        ]

    def validate_ownership(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids: set[UUID] = {one["client_id"] for one in value}
        rows = visible_owners(self.context["caller"], Client).filter(pk__in=ids)
        rows = rows.filter(erase_requested_at=None)
        unknown = ids - set(rows.values_list("pk", flat=True))
        if unknown:
            names = ", ".join(sorted(map(str, unknown)))
            raise serializers.ValidationError(f"There is no client {names}.")
        return [{**one, "client_id": str(one["client_id"])} for one in value]


KIND = owners.Kind(
    model=Business,
    name="Business",
    words="business",
    words_for_many="businesses",
    body=BusinessBody,
    fields=objects.BUSINESS,
    render=objects.business,
    schema=schemas.Business,
    example=EXAMPLE,
    creation="Its vendor user is made with POST /integration/v1/user.",
)
BusinessesView, BusinessView = owners.views(KIND)
