"""Request bodies and query parameters of /integration/v1; response_schemas has the responses.

Fields are those of Hydrogen's integration Swagger 1.3.1; see
docs/hydrogen-contract.md#integration-endpoints.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from gateway.integration_api.parsing import MAX_IDS
from integrations.vendors import registry
from nucleus.hydrogen.fields import (
    FlagField,
    IdField,
    LenientBooleanField,
    PlainTextField,
    VocabularyField,
    WholeNumberField,
)
from nucleus.hydrogen.unknown_names import BodySerializer

INTEGRATION_TYPES = ("aggregation", "iav")
REPAIR_PARAMETERS = ("member_id", "nucleus_aggregation_account_id", "nucleus_bank_link_id")
# A URL of a website or of an app; a browser would execute the excluded schemes.
REDIRECT_URL = (
    r"^(?!(?i:javascript|data|vbscript|blob|file|about):)[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"\\]+$"
)
MEMBER_ID = r"^[A-Za-z0-9_-]+$"  # it becomes part of a vendor URL


def choice(*values: str) -> VocabularyField:
    """One of the values; defaults to the first."""
    return VocabularyField(values, default=values[0])


def vendor_name() -> VocabularyField:
    """The vendor; defaults to that of the tenant's settings."""
    return VocabularyField(sorted(registry.specs()), required=False)


def product() -> VocabularyField:
    """Hydrogen's product, of which the gateway offers one."""
    return choice("atom")


class OwnerRequest(BodySerializer):
    """The owner: a client or a business, never both."""

    nucleus_client_id = IdField(required=False)
    nucleus_business_id = IdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "nucleus_client_id" in attrs and "nucleus_business_id" in attrs:
            message = "Send this or nucleus_client_id, not both: accounts have one owner."
            raise serializers.ValidationError({"nucleus_business_id": [message]})
        if "nucleus_client_id" not in attrs and "nucleus_business_id" not in attrs:
            message = "Required, unless nucleus_business_id is sent."
            raise serializers.ValidationError({"nucleus_client_id": [message]})
        return attrs


class CreateUserRequest(OwnerRequest):
    """Body of POST /user."""

    product = product()
    integration_type = choice(*INTEGRATION_TYPES)
    vendor_name = vendor_name()
    tenant_id = IdField(required=False, help_text="Must be the token's tenant, if present.")
    vendor_request = serializers.DictField(required=False)

    def validate_tenant_id(self, value: UUID) -> UUID:
        if value != self.context["caller"].tenant.id:
            raise serializers.ValidationError("This token belongs to another tenant.")
        return value


class WidgetLinkQuery(serializers.Serializer[Any]):
    """Query of GET /widget_link/{nucleus_id}."""

    vendor_name = vendor_name()
    mode = choice("aggregation", "iav")
    is_business = LenientBooleanField(
        default=False, help_text="Accepted and ignored: the id identifies the owner."
    )
    is_mobile_webview = LenientBooleanField(default=False)
    member_id = serializers.RegexField(
        MEMBER_ID, required=False, max_length=255, help_text="Repair this connection."
    )
    message_version = WholeNumberField(
        required=False, min_value=1, max_value=99, help_text="Version of the widget's messages."
    )
    nucleus_aggregation_account_id = IdField(
        required=False, help_text="Repair the connection that this account belongs to."
    )
    nucleus_bank_link_id = IdField(
        required=False, help_text="Repair the connection that this bank link belongs to."
    )
    wait_for_full_aggregation = LenientBooleanField(
        default=True, help_text="Accepted and ignored: MX always waits."
    )
    webview_url_scheme = serializers.RegexField(
        r"^[A-Za-z][A-Za-z0-9+.-]*$", required=False, max_length=64
    )
    current_institution_code = serializers.RegexField(
        r"^[A-Za-z0-9_.-]+$",
        required=False,
        max_length=255,
        help_text="Start with this institution; a connection to repair takes precedence.",
    )
    disable_institution_search = LenientBooleanField(
        default=False,
        help_text=(
            "With current_institution_code or a connection to repair: no other can be chosen."
        ),
    )
    update_credentials = LenientBooleanField(
        default=False,
        help_text="With a connection to repair: ask for its credentials even if they may be valid.",
    )
    include_transactions = LenientBooleanField(
        required=False, help_text="false: the first import brings no transactions."
    )
    disable_background_agg = LenientBooleanField(
        required=False, help_text="true: MX does not import new connections daily."
    )
    client_redirect_url = serializers.RegexField(
        REDIRECT_URL,
        required=False,
        max_length=1000,
        help_text=(
            "Where the person is sent after logging in at the bank (OAuth). Requires "
            "is_mobile_webview=true or oauth_referral_source=APP."
        ),
    )
    oauth_referral_source = VocabularyField(("BROWSER", "APP"), required=False)
    color_scheme = VocabularyField(("light", "dark"), required=False)
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$",
        required=False,
        max_length=35,
        help_text="The language of the widget, such as fr-CA, if the vendor supports it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        repairs = any(name in attrs for name in REPAIR_PARAMETERS)
        if attrs["disable_institution_search"] and not (
            repairs or "current_institution_code" in attrs
        ):
            message = "Requires current_institution_code or a connection to repair."
            raise serializers.ValidationError({"disable_institution_search": [message]})
        if attrs["update_credentials"] and not repairs:
            message = f"Requires a connection to repair: {', '.join(REPAIR_PARAMETERS)}."
            raise serializers.ValidationError({"update_credentials": [message]})
        is_app = attrs["is_mobile_webview"] or attrs.get("oauth_referral_source") == "APP"
        if "client_redirect_url" in attrs and not is_app:
            message = "Requires is_mobile_webview=true or oauth_referral_source=APP."
            raise serializers.ValidationError({"client_redirect_url": [message]})
        return attrs


class AggregationVendorRequest(BodySerializer):
    """What the vendor's widget reported to the app."""

    member_id = serializers.RegexField(
        MEMBER_ID, required=False, max_length=255, help_text="From the widget's success callback."
    )
    item_id = PlainTextField(
        required=False, max_length=255, help_text="Accepted and ignored: other vendors use it."
    )
    nucleus_account_id = IdField(
        required=False, help_text="Accepted and ignored: MX has no use for it."
    )


class AggregationRequest(OwnerRequest):
    """Body of POST /aggregation/account."""

    nucleus_aggregation_account_id = IdField(
        required=False, help_text="Read the connection that this account belongs to again."
    )
    product = product()
    vendor_config_id = PlainTextField(
        required=False,
        max_length=255,
        help_text="Must be the id of the active configuration (admin, Credentials), if present.",
    )
    vendor_request = AggregationVendorRequest(required=False)


class AccountListQuery(serializers.Serializer[Any]):
    """Query of GET under /aggregation without an id."""

    aggregation_account_id_list = serializers.ListField(
        child=IdField(), min_length=1, max_length=MAX_IDS
    )


class BalanceQuery(serializers.Serializer[Any]):
    """Query of GET /aggregation/balance/{account_id}."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "fresh": LenientBooleanField(
                default=False,
                help_text="true: the vendor reads the balance from the bank now, if it can.",
            )
        }


class DeleteQuery(serializers.Serializer[Any]):
    """Query of DELETE."""

    delete_type = choice("delink", "delete")
    nucleus_data = choice("keep", "delete")


class IavVendorRequest(BodySerializer):
    """What the vendor's widget reported to the app."""

    member_id = serializers.RegexField(
        MEMBER_ID,
        required=False,
        max_length=255,
        help_text="From the widget's success callback. Without it, every connection of the owner.",
    )
    item_id = PlainTextField(required=False, max_length=255)
    access_token = PlainTextField(required=False, max_length=2000, write_only=True)


class IavRequest(OwnerRequest):
    """Body of POST /iav. Fields of other vendors are accepted and unused."""

    nucleus_account_id = IdField(
        required=False, help_text="Your own Nucleus account that the bank links belong to."
    )
    product = product()
    is_cash = FlagField(required=False)
    auth_token = PlainTextField(required=False, max_length=2000, write_only=True)
    nucleus_transfer_fields = serializers.DictField(required=False)
    vendor_request = IavVendorRequest(required=False)
