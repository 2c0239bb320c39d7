"""/client: create, list, read, update, deactivate."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.module_loading import import_string
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api.documentation import documented
from nucleus.models import Client
from nucleus.wire import objects, pages, schemas
from nucleus.wire.caller import caller_of

READ_ONLY = ("id", "create_date", "update_date")
TAG = ["Client"]
EXAMPLE = OpenApiExample(
    "A person",
    value={
        "username": "ada",
        "client_type": "consumer",
        "first_name": "Ada",
        "last_name": "Demo",
        "email": "ada@demo.example",
    },
    request_only=True,
)


class Address(serializers.Serializer):
    """Where a client lives or works."""

    address_line1 = serializers.CharField(max_length=255)
    address_line2 = serializers.CharField(max_length=255, required=False, allow_null=True)
    city = serializers.CharField(max_length=255)
    state = serializers.CharField(max_length=255)
    postalcode = serializers.CharField(max_length=64, required=False, allow_null=True)
    country = serializers.CharField(max_length=64)
    type = serializers.CharField(max_length=64)
    is_primary = serializers.BooleanField(required=False, allow_null=True)


class Employment(serializers.Serializer):
    """What a client does for a living."""

    employer = serializers.CharField(max_length=255, required=False, allow_null=True)
    employment_status = serializers.CharField(max_length=255, required=False, allow_null=True)
    job_title = serializers.CharField(max_length=255, required=False, allow_null=True)
    occupation = serializers.CharField(max_length=255, required=False, allow_null=True)


def _words() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=50
    )


class ClientBody(serializers.ModelSerializer):
    """A client as it is written; null is the same as left out."""

    address = Address(many=True, required=False)
    employment = Employment(required=False)
    authorities = _words()
    group = _words()
    country_of_citizenship = _words()
    metadata = serializers.DictField(child=serializers.CharField(max_length=2000), required=False)
    business_id = serializers.UUIDField(required=False)
    identification_number = serializers.CharField(max_length=255, required=False, write_only=True)
    password = serializers.CharField(max_length=255, required=False, write_only=True)

    class Meta:
        model = Client
        fields = [
            *(name for name in objects.CLIENT if name not in READ_ONLY),
            "identification_number",
            "password",
        ]

    def validate_username(self, value: str) -> str:
        rows = Client.objects.for_tenant(self.context["tenant"]).filter(username=value)
        if self.instance is not None:
            rows = rows.exclude(pk=self.instance.pk)
        if rows.exists():
            raise serializers.ValidationError("Another client has this username.")
        return value


def _checked(request: Request, instance: Client | None = None) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("The body must be a JSON object.")
    present = {name: value for name, value in request.data.items() if value is not None}
    body = ClientBody(
        instance,
        data=present,
        partial=instance is not None,
        context={"tenant": caller_of(request).tenant},
    )
    body.is_valid(raise_exception=True)
    values = dict(body.validated_data)
    if "password" in values:
        values["password"] = make_password(values["password"])
    return values


def _visible(request: Request) -> Any:
    caller = caller_of(request)
    rows = Client.objects.for_tenant(caller.tenant)
    return rows if caller.client is None else rows.filter(pk=caller.client.pk)


def _found(request: Request, record_id: UUID) -> Client:
    row = _visible(request).filter(id=record_id).select_related("tenant").first()
    if row is None:
        raise NotFound(f"There is no client {record_id}.")
    return row


class ClientsView(APIView):
    """All clients."""

    @documented(
        operation_id="createClient",
        summary="Create a client",
        description="With the setting on, its vendor user follows by itself.",
        tags=TAG,
        request=ClientBody,
        response=schemas.Client,
        status=201,
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        if caller_of(request).client is not None:
            raise PermissionDenied("This token reaches one client only and cannot create others.")
        values = _checked(request)
        with transaction.atomic():
            client = Client(tenant=caller_of(request).tenant, **values)
            client.save(force_insert=True)
            import_string(settings.NUCLEUS_CLIENT_CREATED)(client)
        return Response(objects.client(client), status=201)

    @documented(
        operation_id="listClient",
        summary="List clients",
        tags=TAG,
        parameters=pages.PARAMETERS,
        response=schemas.page_of(schemas.Client),
    )
    def get(self, request: Request) -> Response:
        return Response(
            pages.page(
                _visible(request),
                request.query_params,
                fields=objects.CLIENT,
                render=objects.client,
            )
        )


class ClientView(APIView):
    """One client."""

    @documented(
        operation_id="getClient", summary="Read a client", tags=TAG, response=schemas.Client
    )
    def get(self, request: Request, record_id: UUID) -> Response:
        return Response(objects.client(_found(request, record_id)))

    @documented(
        operation_id="updateClient",
        summary="Update a client",
        description="Only what is given changes; null is the same as left out.",
        tags=TAG,
        request=ClientBody(partial=True),
        response=schemas.Client,
    )
    def put(self, request: Request, record_id: UUID) -> Response:
        client = _found(request, record_id)
        values = _checked(request, client)
        changed = [name for name, value in values.items() if getattr(client, name) != value]
        for name in changed:
            setattr(client, name, values[name])
        if changed:
            client.save(update_fields=[*changed, "update_date"])
        return Response(objects.client(client))

    @documented(
        operation_id="deleteClient",
        summary="Deactivate a client",
        description="Sets `is_active` to false; the data stays.",
        tags=TAG,
        response=None,
        status=204,
    )
    def delete(self, request: Request, record_id: UUID) -> Response:
        client = _found(request, record_id)
        if client.is_active:
            client.is_active = False
            client.save(update_fields=["is_active", "update_date"])
        return Response(status=204)
