"""Everything the sandbox serves to those who speak MX Platform."""

from django.urls import include, path

from sandbox.pages import PAGES

urlpatterns = [*PAGES, path("", include("sandbox.platform_api.urls"))]
handler400 = "sandbox.api.errors.bad_request"
handler404 = "sandbox.api.errors.not_found"
handler500 = "sandbox.api.errors.server_error"
