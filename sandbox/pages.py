"""What the sandbox serves whatever API the caller speaks: its pages and the control API."""

from django.urls import include, path

from sandbox.api import merchants
from sandbox.connect import bank_pages
from sandbox.connect import views as connect
from sandbox.control import views as control

PAGES = [
    path("", control.index),
    path("healthz", control.health),
    path("_control/", include("sandbox.control.urls")),
    path("connect.js", connect.loader),
    path("logos/merchants/<str:guid>.png", merchants.logo),
    path("oauth/authorize", bank_pages.authorize),
    path("oauth/redirect_from", bank_pages.redirect_from),
    path("md/connect/static/<str:name>", connect.static),
    path("md/connect/logos/<str:code>.svg", connect.logo),
    path("md/connect/session/", include("sandbox.connect.urls")),
    path("md/connect/<str:token>", connect.page),
]
