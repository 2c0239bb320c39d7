"""All URLs. Paths of the API have no trailing slash."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from gateway import health, inbound_webhooks, metrics
from gateway.access import tokens
from gateway.api_docs import document, pages
from gateway.read_only import read_only
from gateway.webhook_api import subscriptions

urlpatterns: list[URLPattern | URLResolver] = [
    path("authorization/v1/oauth/token", tokens.TokenView.as_view()),
    path("authorization/v1/oauth/revoke", tokens.RevokeView.as_view()),
    path("authorization/v1/client-token", tokens.ClientTokenView.as_view()),
    path("integration/v1/", include("gateway.integration_api.urls")),
    path("nucleus/v1/webhook", subscriptions.NucleusWebhookListView.as_view()),
    path("nucleus/v1/webhook/<uuid:webhook_id>", subscriptions.NucleusWebhookDetailView.as_view()),
    path("nucleus/v1/", include("nucleus.api.urls")),
    path("webhooks/<str:vendor>/<str:path>", inbound_webhooks.receive),
    path("health/live", read_only(health.live)),
    path("health/ready", read_only(health.ready)),
    path("metrics", read_only(metrics.metrics)),
    path("openapi.yaml", read_only(document.openapi), name="schema"),
    path("", read_only(RedirectView.as_view(pattern_name="docs"))),
    path("docs", read_only(pages.SwaggerView.as_view(url_name="schema")), name="docs"),
    path("redoc", read_only(pages.RedocView.as_view(url_name="schema"))),
    path("admin", read_only(RedirectView.as_view(pattern_name="admin:index"))),
    path("accounts/profile/", read_only(RedirectView.as_view(pattern_name="admin:index"))),
    path("admin/", admin.site.urls),
]

handler400 = "gateway.errors.django_handlers.bad_request"
handler403 = "gateway.errors.django_handlers.permission_denied"
handler404 = "gateway.errors.django_handlers.not_found"
handler500 = "gateway.errors.django_handlers.server_error"
