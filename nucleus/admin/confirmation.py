"""Actions that run after a confirmation, which is a page that lists the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from nucleus.admin.base import BaseAdmin

MAX_ROWS = 500  # Django accepts at most 1000 fields of a form
Action = Callable[[Any, HttpRequest, list[Any]], HttpResponse | None]
ListAction = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


def page(
    screen: BaseAdmin,
    request: HttpRequest,
    rows: Sequence[Model],
    *,
    title: str,
    question: str,
    button: str,
    action: str = "",
    left_out: int = 0,
    form: Form | None = None,
) -> TemplateResponse:
    """The page that asks for a confirmation of something that is done with these rows.

    Args:
        action: the name of the list's action that the form posts; empty: it posts to its own URL.
        left_out: how many selected rows are not among `rows`.
        form: what has to be entered beside the confirmation.
    """
    screen.prepare_rows(list(rows))
    context = screen.admin_site.each_context(request) | {
        "title": title,
        "opts": screen.opts,
        "rows": rows,
        "question": question,
        "button": button,
        "action": action,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "left_out": left_out,
        "form": form,
        "back": f"admin:{screen.opts.app_label}_{screen.opts.model_name}_changelist",
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def confirmed_action(
    *,
    description: str,
    question: str,
    button: str,
    permissions: Sequence[str],
    max_rows: int = MAX_ROWS,
) -> Callable[[Action], ListAction]:
    """An action of a list that runs once somebody has confirmed it.

    The function gets the rows that were confirmed, at most `max_rows`. The number of rows left
    out is shown on the page that asks for confirmation, and again afterwards.
    """

    def decorate(run: Action) -> ListAction:
        @admin.action(description=f"{description}…", permissions=list(permissions))
        @wraps(run)
        def confirm_or_run(
            screen: Any, request: HttpRequest, rows: QuerySet[Any]
        ) -> HttpResponse | None:
            chosen = list(rows[:max_rows])
            left_out = rows.count() - len(chosen)
            if "confirmed" not in request.POST:
                return page(
                    screen,
                    request,
                    chosen,
                    title=description,
                    question=question,
                    button=button,
                    action=run.__name__,
                    left_out=left_out,
                )
            response = run(screen, request, chosen)
            if left_out:
                messages.warning(
                    request,
                    f"{left_out} more were selected and left out: at most {max_rows} at once. "
                    "Select them and repeat the action.",
                )
            return response

        return confirm_or_run

    return decorate
