"""The views of clients and businesses."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import owners
from nucleus.api.owners import OwnerType
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, example_change, example_request, example_response
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.unset_values import is_unset
from nucleus.reads.visibility import visible_rows

KEEP, ERASE = "keep", "delete"
NUCLEUS_DATA = OpenApiParameter(
    "nucleus_data",
    OpenApiTypes.STR,
    enum=[KEEP, ERASE],
    description="`delete` erases the client; the default keeps its data.",
)
DEACTIVATION = "Sets `is_active` to false; the data stays."
ERASURE = (
    " With `nucleus_data=delete` the client is also erased: a job deletes its user at the vendor, "
    "with all connections, and all data about it here. This cannot be undone. When the erasure "
    "ends, the client is a 404 and the integration audit log has an entry `client_erased`."
)


class OwnerListView(APIView):
    """Create and list. Subclasses set `owner_type`."""

    owner_type: ClassVar[OwnerType]

    def __init_subclass__(cls) -> None:
        """Describe the inherited operations in terms of the subclass's type of owner."""
        super().__init_subclass__()
        owner_type = cls.owner_type
        response_example = owner_type.render(owner_type.model(**STORED, **owner_type.example))
        post = documented(
            operation_id=f"create{owner_type.name}",
            summary=f"Create a {owner_type.label}",
            description=owner_type.create_description,
            tags=[owner_type.name],
            request=owner_type.body,
            response=owner_type.schema,
            status=owner_type.created_status,
            examples=[
                example_request(owner_type.label.capitalize(), owner_type.example),
                example_response(response_example),
            ],
        )
        get = documented(
            operation_id=f"list{owner_type.name}",
            summary=f"List {owner_type.plural}",
            tags=[owner_type.name],
            parameters=pages.parameters(owner_type.model, owner_type.fields),
            response=openapi_schemas.page_of(owner_type.schema),
        )
        extend_schema_view(post=post, get=get)(cls)

    def post(self, request: Request) -> Response:
        row = owners.create(caller_of(request), self.owner_type, request.data)
        return Response(self.owner_type.render(row), status=self.owner_type.created_status)

    def get(self, request: Request) -> Response:
        page = pages.page(
            visible_rows(caller_of(request), self.owner_type.model),
            request.query_params,
            fields=self.owner_type.fields,
            columns=self.owner_type.fields,
            render=self.owner_type.render,
        )
        return Response(page)


class OwnerDetailView(APIView):
    """Read, update, and deactivate or erase by id. Subclasses set `owner_type`."""

    owner_type: ClassVar[OwnerType]

    def __init_subclass__(cls) -> None:
        """Describe the inherited operations in terms of the subclass's type of owner."""
        super().__init_subclass__()
        owner_type = cls.owner_type
        label, tags, can_erase = owner_type.label, [owner_type.name], owner_type.erase is not None
        response_example = example_response(
            owner_type.render(owner_type.model(**STORED, **owner_type.example))
        )
        get = documented(
            operation_id=f"get{owner_type.name}",
            summary=f"Read a {label}",
            tags=tags,
            response=owner_type.schema,
            examples=[response_example],
        )
        put = documented(
            operation_id=f"update{owner_type.name}",
            summary=f"Update a {label}",
            description="Fields that are left out or null keep their values. "
            f"{owner_type.update_description}".strip(),
            tags=tags,
            request=owner_type.body(partial=True),
            response=owner_type.schema,
            examples=[
                example_request("One field", example_change(owner_type.example)),
                response_example,
            ],
        )
        delete = documented(
            operation_id=f"delete{owner_type.name}",
            summary=f"Deactivate{' or erase' if can_erase else ''} a {label}",
            description=DEACTIVATION + (ERASURE if can_erase else ""),
            tags=tags,
            parameters=[NUCLEUS_DATA] if can_erase else [],
            response=None,
            status=204,
        )
        extend_schema_view(get=get, put=put, delete=delete)(cls)

    def get(self, request: Request, record_id: UUID) -> Response:
        row = owners.get_visible(request, self.owner_type, record_id)
        return Response(self.owner_type.render(row))

    def put(self, request: Request, record_id: UUID) -> Response:
        row = owners.get_visible(request, self.owner_type, record_id)
        row = owners.update(caller_of(request), self.owner_type, row, request.data)
        return Response(self.owner_type.render(row))

    def delete(self, request: Request, record_id: UUID) -> Response:
        caller = caller_of(request)
        row = owners.get_visible(request, self.owner_type, record_id)
        if self.owner_type.erase is None or not _asks_for_erasure(request):
            owners.deactivate(caller, self.owner_type, row)
            return Response(status=204)
        if caller.client is not None:
            raise PermissionDenied("This token is confined to one client and cannot erase it.")
        self.owner_type.erase(row, caller)
        return Response(status=204)


def _asks_for_erasure(request: Request) -> bool:
    """Whether `nucleus_data` asks for the data to be deleted. Raises ValidationError."""
    value = request.query_params.get("nucleus_data")
    if is_unset(value) or value == KEEP:
        return False
    if value != ERASE:
        raise ValidationError({"nucleus_data": [f"Use {KEEP} or {ERASE}."]})
    return True
