"""Objects inside the bodies of clients and businesses, with one form in requests and responses."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nucleus.hydrogen.fields import FlagField, IdField, NumberField, PlainTextField
from nucleus.hydrogen.unknown_names import BodySerializer

MAX_PARTS = 50  # items of one list: addresses, owners, authorities


class Part(BodySerializer):
    """An item of a list in a body. A change replaces the list, so its items have to be complete."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Validate it apart from the body: a partial body would not require its required fields."""
        if self.parent is None:
            return super().run_validation(data)
        return type(self)(context=self.context).run_validation(data)


class Address(Part):
    """Where a client or business lives or works."""

    address_line1 = PlainTextField(max_length=255)
    address_line2 = PlainTextField(max_length=255, required=False, allow_null=True)
    city = PlainTextField(max_length=255)
    state = PlainTextField(max_length=255)
    postalcode = PlainTextField(max_length=64, required=False, allow_null=True)
    country = PlainTextField(max_length=64)
    type = PlainTextField(max_length=64)
    is_primary = FlagField(required=False, allow_null=True)


class Employment(BodySerializer):
    """What a client does for a living."""

    employer = PlainTextField(max_length=255, required=False, allow_null=True)
    employment_status = PlainTextField(max_length=255, required=False, allow_null=True)
    job_title = PlainTextField(max_length=255, required=False, allow_null=True)
    occupation = PlainTextField(max_length=255, required=False, allow_null=True)


@extend_schema_field(OpenApiTypes.FLOAT)
class PercentField(NumberField):
    """0 to 100, as a float, because it is stored in JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=11, decimal_places=8, min_value=0, max_value=100, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return None if value is None else float(value)


class Ownership(Part):
    """A client who owns a part of the business or acts for it."""

    client_id = IdField()
    role = PlainTextField(max_length=255)
    percent_ownership = PercentField(required=False, allow_null=True)
    is_beneficial = FlagField(required=False, allow_null=True)
    is_primary = FlagField(required=False, allow_null=True)
