"""The button "Test connection" of the credential's form, which tests what is not yet saved."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from integrations.flows import credentials
from integrations.models import VendorCredential
from integrations.vendors.records import CheckResult
from nucleus.admin.base import BaseAdmin

BUTTON = "_test"
SESSION_KEY = "tested_credential"  # keyed hash of the last tested one and its result, no keys


class TestButton(BaseAdmin):
    """A form with a button that validates it, calls the vendor, and stores nothing."""

    change_form_after_template = "admin/test_credential.html"

    class Media:
        js = ("integrations/test_credential.js",)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type("NeverSaved", (_NeverSaved, form), {}) if _is_test(request) else form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may_test = self.has_change_permission(request) or (
            object_id is None and self.has_add_permission(request)
        )
        context = {"may_test": may_test, **(extra_context or {})}
        response: Any = super().changeform_view(request, object_id, form_url, context)
        if _is_test(request) and hasattr(response, "context_data"):
            # After the transaction of the form: no call is made within one.
            response.context_data |= self._tested(
                request, response.context_data["adminform"].form, is_new=object_id is None
            )
        return response

    def _tested(self, request: HttpRequest, form: Any, *, is_new: bool) -> dict[str, Any]:
        if form.errors:
            lines = [
                f"{_label(form, name)}{error}"
                for name, messages in form.errors.items()
                for error in messages
            ]
            return {"untested_because": lines}
        typed: VendorCredential = form.instance
        name = request.user.get_username()
        is_stored = not is_new and credentials.is_as_stored(typed)
        if is_stored:
            result = credentials.test(credential=typed, tested_by=name)
        else:
            result = credentials.test_unsaved(credential=typed)
        request.session[SESSION_KEY] = [credentials.fingerprint(typed), result.ok, result.message]
        subject: Model = typed.tenant if is_new else typed
        keys = "the stored keys" if is_stored else "keys that are not saved"
        self.record(request, subject, f"Tested {keys} of {typed}: {result.message}")
        return {"test_result": result, "test_is_of_stored": is_stored}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Keep the result of a test of the same keys, which was made before they were saved."""
        super().save_model(request, obj, form, change)
        fingerprint, ok, message = request.session.pop(SESSION_KEY, ("", False, ""))
        if fingerprint == credentials.fingerprint(obj):
            result = CheckResult(ok=ok, message=message)
            name = request.user.get_username()
            credentials.store_result(credential=obj, result=result, tested_by=name)


class _NeverSaved:
    """A form that is validated and shown again, never saved: to Django it is not valid."""

    def is_valid(self) -> bool:
        super().is_valid()  # type: ignore[misc]
        return False


def _is_test(request: HttpRequest) -> bool:
    return request.method == "POST" and BUTTON in request.POST


def _label(form: Any, name: str) -> str:
    return f"{form.fields[name].label}: " if name in form.fields else ""
