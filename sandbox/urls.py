"""Everything the sandbox serves."""

from django.urls import include, path

from sandbox.connect import views as connect
from sandbox.control import views as control

urlpatterns = [
    path("", control.index),
    path("healthz", control.health),
    path("_control/faults", control.faults),
    path("_control/faults/<int:identity>", control.fault),
    path("connect.js", connect.loader),
    path("md/connect/static/<str:name>", connect.static),
    path("md/connect/logos/<str:code>.svg", connect.logo),
    path("md/connect/session/", include("sandbox.connect.urls")),
    path("md/connect/<str:token>", connect.page),
    path("", include("sandbox.atrium_api.urls")),
]
handler400 = "sandbox.atrium_api.errors.bad_request"
handler404 = "sandbox.atrium_api.errors.not_found"
handler500 = "sandbox.atrium_api.errors.server_error"
