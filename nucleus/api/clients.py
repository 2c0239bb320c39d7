"""/client."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError

from nucleus import hooks, usernames
from nucleus.api import owners
from nucleus.api.owner_views import OwnerDetailView, OwnerListView
from nucleus.caller import Caller
from nucleus.hydrogen import openapi_schemas, renderers
from nucleus.hydrogen.fields import IdField, PlainTextField, VocabularyField, WebUrlField
from nucleus.hydrogen.nested_serializers import MAX_PARTS, Employment
from nucleus.hydrogen.request_serializers import OPTIONAL
from nucleus.hydrogen.unknown_names import READ_ONLY
from nucleus.models import Business, Client
from nucleus.reads.visibility import visible_rows

# What only the tenant may set: who the client is to it, and what the client may do.
TENANT_FIELDS = (
    "username", "client_type", "status", "business_id", "hydro_id", "authorities", "group",
    "is_active", "is_verified", "secondary_id", "metadata",
)  # fmt: skip
# The values of Hydrogen's Swagger and of its published clients; the first is the most common.
CLIENT_TYPES = ("consumer", "individual", "firm", "admin")
# The identity of a person or firm: what only the tenant may set once the client `is_verified`.
# Contact data, employment, income and net worth always stay the client's own statement.
IDENTITY = (
    "first_name", "middle_name", "last_name", "title", "suffix", "gender", "date_of_birth",
    "identification_number", "identification_number_type", "citizenship_status",
    "country_of_citizenship", "country_of_residence", "firm_name", "firm_type",
)  # fmt: skip
MIN_PASSWORD_LENGTH = 8  # NIST SP 800-63B section 5.1.1.2: 8 or more, and no commonly used one
EXAMPLE = {
    "username": "demo",
    "client_type": "consumer",
    "first_name": "Demo",
    "last_name": "Client",
    "email": "client@demo.example",
}


@cache
def _common_passwords() -> CommonPasswordValidator:
    return CommonPasswordValidator()  # reads a file of twenty thousand


def _text_list() -> serializers.ListField:
    return serializers.ListField(
        child=PlainTextField(max_length=255), required=False, max_length=MAX_PARTS
    )


class ClientBody(owners.OwnerBody):
    """A client as it is written; null is the same as left out."""

    employment = Employment(required=False)
    authorities = _text_list()
    group = _text_list()
    country_of_citizenship = _text_list()
    image = WebUrlField(absolute=False, **OPTIONAL, help_text="The URL of a picture.")
    client_type = PlainTextField(
        max_length=64, help_text=f"{', '.join(CLIENT_TYPES[:-1])} or {CLIENT_TYPES[-1]}."
    )
    business_id = IdField(
        required=False, help_text="The business of yours that the client belongs to."
    )
    password = serializers.CharField(
        min_length=MIN_PASSWORD_LENGTH,
        max_length=255,
        required=False,
        write_only=True,
        trim_whitespace=False,
        help_text="Not a common one. Stored hashed and never returned.",
    )
    current_password = serializers.CharField(
        max_length=255,
        required=False,
        write_only=True,
        trim_whitespace=False,
        help_text="Required to change `password` with the client's own token.",
    )

    class Meta:
        model = Client
        fields = [
            *(name for name in renderers.CLIENT if name not in READ_ONLY),
            "identification_number",
            "password",
            "current_password",
        ]
        extra_kwargs = {"username": {"trim_whitespace": False}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.pop("current_password", None)  # see _confirm_password
        return attrs

    def validate_client_type(self, value: str) -> str:
        if self.instance is not None and self.instance.client_type == value:
            return value  # a stored one may be older than the list of types
        return VocabularyField(CLIENT_TYPES).to_internal_value(value)

    def validate_username(self, value: str) -> str:
        rows = Client.objects.for_tenant(self.context["caller"].tenant)
        if self.instance is not None:
            if value == self.instance.username:  # which may be from before this was checked
                return value
            rows = rows.exclude(pk=self.instance.pk)
        if problem := usernames.problem(value):
            raise serializers.ValidationError(problem)
        taken = rows.filter(username_key=usernames.key(value)).values_list("username", flat=True)
        if value in taken:
            raise serializers.ValidationError("Another client has this username.")
        if taken:
            raise serializers.ValidationError("Another client has a username that looks like it.")
        return value

    def validate_business_id(self, value: UUID) -> UUID:
        if self.instance is not None and self.instance.business_id == value:
            return value  # a client token may repeat it without being able to read the business
        if not visible_rows(self.context["caller"], Business).filter(pk=value).exists():
            raise serializers.ValidationError(
                f"There is no business {value}. Create it with POST /nucleus/v1/business."
            )
        return value

    def validate_password(self, value: str) -> str:
        try:
            _common_passwords().validate(value)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return make_password(value)


def _confirm_password(caller: Caller, client: Client, data: dict[str, Any]) -> None:
    """Require the current password if a client token changes the password.

    Otherwise a stolen token would give lasting access.

    Raises:
        ValidationError: the current password is missing.
        PermissionDenied: it is wrong.
    """
    if caller.client is None or data.get("password") is None:
        return
    if not client.password:
        raise PermissionDenied(
            "This client has no password yet. Only the tenant's own token can set the first one."
        )
    current = data.get("current_password")
    if not isinstance(current, str) or not current:
        message = "Required to change the password with the client's own token."
        raise ValidationError({"current_password": [message]})
    if not hooks.is_own_password(caller, current):
        raise ValidationError({"current_password": ["This is not the present password."]})


def _on_changed(client: Client, names: list[str]) -> None:
    if "password" in names:
        hooks.password_changed(client)


def _erase(client: Client, caller: Caller) -> None:
    hooks.erase_client(client, requested_by=caller.name)


CLIENT = owners.OwnerType(
    model=Client,
    name="Client",
    label="client",
    plural="clients",
    body=ClientBody,
    fields=renderers.CLIENT,
    render=renderers.client,
    schema=openapi_schemas.NucleusClient,
    example=EXAMPLE,
    created_status=201,
    create_description="If the tenant's settings say so, its vendor user is created as well.",
    update_description=(
        "A new password revokes the client's tokens. With the client's own token, `password` needs "
        "the present one in `current_password`. A client's own token cannot change "
        f"{', '.join(TENANT_FIELDS)}, nor, once `is_verified` is true, {', '.join(IDENTITY)}."
    ),
    on_created=hooks.client_created,
    tenant_fields=TENANT_FIELDS,
    tenant_fields_once_verified=IDENTITY,
    check_confirmation=_confirm_password,
    on_changed=_on_changed,
    erase=_erase,
)


class ClientListView(OwnerListView):
    owner_type = CLIENT


class ClientDetailView(OwnerDetailView):
    owner_type = CLIENT
