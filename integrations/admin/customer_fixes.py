"""The buttons for the next step on a customer's page, and whom to ask for what one may not do."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse

from integrations.admin.customer_actions import ACTIONS
from integrations.flows.connection_state import StateReason
from integrations.flows.customer_overview import ConnectionView, CustomerOverview
from integrations.models import AggregationSettings, VendorCredential

CHANGE_CREDENTIAL = "integrations.change_vendorcredential"
CHANGE_SETTINGS = "integrations.change_aggregationsettings"
# What mends a connection: an action of the customer's page, by the reason of the state.
MENDING_ACTIONS = {
    StateReason.CUSTOMER_ACTION: "repair-link",
    StateReason.MISSING: "link",
    StateReason.STAFF_ACTION: "refresh",
    StateReason.NOT_CHECKED: "refresh",
    StateReason.NOT_IMPORTED: "refresh",
    StateReason.JOB_FAILED: "retry",
}
KEYS = (StateReason.NO_CREDENTIALS, StateReason.CREDENTIALS_REFUSED)


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to mend what is wrong.

    Attributes:
        title: what its button says.
        url: of the button; empty for those who may not press it.
        ask: the roles that may press it, for those who may not.
    """

    title: str
    url: str = ""
    ask: str = ""


def fixes(request: HttpRequest, overview: CustomerOverview) -> list[Fix]:
    """What mends the customer's most urgent connection, and webhooks that do not arrive."""
    if overview.owner.is_being_erased:
        return []
    offered = []
    if overview.worst is not None:
        offered += _of_connection(request, overview, overview.worst)
    elif not overview.connections and overview.has_user_at_vendor:
        offered.append(_action(request, overview, "link", overview.owner.pk, ""))
    if overview.webhook_warning:
        stored = AggregationSettings.unscoped.filter(tenant=overview.owner.tenant_id).first()
        page = _page("aggregationsettings", stored)
        offered.append(_allowed(request, CHANGE_SETTINGS, "Open the webhook settings", page))
    return offered


def _of_connection(
    request: HttpRequest, overview: CustomerOverview, view: ConnectionView
) -> list[Fix]:
    reason = view.description.reason
    if reason in KEYS:
        stored = VendorCredential.unscoped.filter(
            tenant=overview.owner.tenant_id, vendor=view.member.vendor_user.vendor, is_active=True
        ).first()
        page = _page("vendorcredential", stored)
        return [_allowed(request, CHANGE_CREDENTIAL, "Open the credentials", page)]
    name = MENDING_ACTIONS.get(reason)
    if name is None or (name == "retry" and not view.dead_jobs):
        return []
    target = {"retry": view.dead_jobs[0].pk if view.dead_jobs else None, "link": overview.owner.pk}
    pk = target.get(name, view.member.pk)
    return [_action(request, overview, name, pk, "" if name == "link" else f": {view.member}")]


def _action(
    request: HttpRequest, overview: CustomerOverview, name: str, pk: object, about: str
) -> Fix:
    action, owner = ACTIONS[name], overview.owner
    url = reverse(f"admin:nucleus_{owner._meta.model_name}_act", args=[owner.pk, name, pk])
    return _allowed(request, action.permission, f"{action.title}{about}…", url)


def _page(screen: str, row: VendorCredential | AggregationSettings | None) -> str:
    """The page of the row, or the one that adds it."""
    if row is None:
        return reverse(f"admin:integrations_{screen}_add")
    return reverse(f"admin:integrations_{screen}_change", args=[row.pk])


def _allowed(request: HttpRequest, permission: str, title: str, url: str) -> Fix:
    if request.user.has_perm(permission):
        return Fix(title, url)
    return Fix(title, ask=_roles_with(permission))


def _roles_with(permission: str) -> str:
    """The names of the roles that have the permission, as part of a sentence."""
    app, _, codename = permission.partition(".")
    rows = Group.objects.filter(
        permissions__content_type__app_label=app, permissions__codename=codename
    )
    names = list(rows.order_by("pk").values_list("name", flat=True).distinct())
    if not names:
        return "a superuser"
    *others, last = names
    return (
        f"somebody with the role {', '.join(others)} or {last}"
        if others
        else (f"somebody with the role {last}")
    )
