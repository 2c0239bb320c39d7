"""Everything the sandbox serves to those who speak Atrium, and to browsers."""

from django.urls import include, path

from sandbox.pages import PAGES

urlpatterns = [*PAGES, path("", include("sandbox.atrium_api.urls"))]
handler400 = "sandbox.api.errors.bad_request"
handler404 = "sandbox.api.errors.not_found"
handler500 = "sandbox.api.errors.server_error"
