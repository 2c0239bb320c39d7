"""Actions that ask first: one page for all of them, POST with CSRF, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from nucleus.admin.base import BaseAdmin

MOST = 500  # rows at once; a form has at most 1000 fields
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
) -> TemplateResponse:
    """Ask for confirmation before something is done with these rows.

    Without `action` the form posts to its own address, with it to the list's.
    """
    context = screen.admin_site.each_context(request) | {
        "title": title,
        "opts": screen.opts,
        "rows": rows,
        "question": question,
        "button": button,
        "action": action,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "left_out": left_out,
        "back": f"admin:{screen.opts.app_label}_{screen.opts.model_name}_changelist",
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def confirmed_action(
    *,
    description: str,
    question: str,
    button: str,
    permissions: Sequence[str],
    most: int = MOST,
) -> Callable[[Action], ListAction]:
    """An action of a list that runs once somebody has confirmed it.

    The function gets the rows that were confirmed, at most `most`. How many were left out is said
    on the page that asks, and again when it is done.
    """

    def decorate(run: Action) -> ListAction:
        @admin.action(description=f"{description}…", permissions=list(permissions))
        @wraps(run)
        def act(screen: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
            chosen = list(rows[:most])
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
            answer = run(screen, request, chosen)
            if left_out:
                messages.warning(
                    request,
                    f"{left_out} more were selected and are left out: {most} at once. "
                    "Select them and do it again.",
                )
            return answer

        return act

    return decorate
