"""Pages about jobs that failed alike: their list, and what is done with a whole group."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.admin.job_filters import kind_label
from integrations.flows import job_errors
from integrations.flows.job_errors import ErrorGroup
from nucleus.admin import confirmation
from nucleus.admin.row_buttons import ButtonAdmin

MAX_GROUPS = 100  # on the page
LIST = "admin:integrations_job_changelist"
VERBS = {
    "requeue_jobs": ("Run all again", "Run these jobs again, now, with all their attempts?"),
    "cancel_jobs": (
        "Cancel all",
        "Cancel these jobs? They are not run any more. Jobs whose end others wait for are skipped.",
    ),
}


class JobErrorPages(ButtonAdmin):
    """Adds the pages of groups to the screen of jobs."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        group = path(
            "errors/<slug:digest>/<slug:verb>/",
            view(self.repeat_group),
            name="integrations_job_error_group",
        )
        listing = path("errors/", view(self.list_errors), name="integrations_job_errors")
        return [listing, group, *super().get_urls()]

    def list_errors(self, request: HttpRequest) -> HttpResponse:
        """The groups of dead and waiting jobs with the same error, the largest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        groups = job_errors.groups(self.get_queryset(request))
        may_repeat = self.has_repeat_permission(request)
        context = self.admin_site.each_context(request) | {
            "title": "Jobs with the same error",
            "content_title": "Jobs with the same error",
            "introduction": "Dead and waiting jobs whose last errors differ in ids and numbers "
            "only.",
            "everything": ("All jobs", reverse(LIST)),
            "nothing": "No job has failed and still waits, or was given up.",
            "groups": [_shown(group, may_repeat=may_repeat) for group in groups[:MAX_GROUPS]],
            "left_out": max(len(groups) - MAX_GROUPS, 0),
        }
        return TemplateResponse(request, "admin/error_groups.html", context)

    def repeat_group(self, request: HttpRequest, digest: str, verb: str) -> HttpResponse:
        """Run or cancel the oldest jobs of a group, at most as many as an action takes at once."""
        if verb not in VERBS:
            raise Http404("There is no such page.")
        if not self.has_repeat_permission(request):
            raise PermissionDenied
        jobs = job_errors.jobs_of(self.get_queryset(request), digest)
        if jobs is None:
            raise Http404("No job has this error any more.")
        chosen = list(jobs.select_related("tenant")[: confirmation.MAX_ROWS])
        left_out = jobs.count() - len(chosen)
        title, question = VERBS[verb]
        if request.method != "POST" or "confirmed" not in request.POST:
            return confirmation.page(
                self, request, chosen, title=title, question=question, button=f"Yes: {title}",
                left_out=left_out,
            )  # fmt: skip
        getattr(type(self), verb).__wrapped__(self, request, chosen)
        if left_out:
            messages.warning(
                request, f"{left_out} more jobs have this error. Repeat it for the next ones."
            )
        return HttpResponseRedirect(reverse("admin:integrations_job_errors"))


def _shown(group: ErrorGroup, *, may_repeat: bool) -> dict[str, Any]:
    links = [("Show them", f"{reverse(LIST)}?error={group.digest}")]
    if may_repeat:
        for verb, (title, _) in VERBS.items():
            address = reverse("admin:integrations_job_error_group", args=[group.digest, verb])
            links.append((f"{title}…", address))
    return {
        "label": kind_label(group.kind),
        "text": group.text,
        "counts": f"{group.dead} failed for good, {group.waiting} waiting",
        "first_at": group.first_at,
        "last_at": group.last_at,
        "links": links,
    }
