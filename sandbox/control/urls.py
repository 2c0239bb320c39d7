"""The control API."""

from django.urls import path

from sandbox.control import bank, views, webhooks

urlpatterns = [
    path("clock", views.clock_view),
    path("settings", views.settings_view),
    path("reset", views.reset),
    path("billing", views.billing),
    path("members", views.members),
    path("members/<str:guid>", views.member),
    path("bank/users", bank.users),
    path("bank/users/<str:user>", bank.user),
    path("bank/events", bank.events),
    path("bank/events/<int:identity>", bank.event),
    path("bank/script", bank.script),
    path("faults", views.faults),
    path("faults/<int:identity>", views.fault),
    path("webhooks", webhooks.webhooks),
    path("webhooks/<int:identity>", webhooks.webhook),
    path("webhooks/<int:identity>/test", webhooks.test),
    path("deliveries", webhooks.deliveries),
    path("deliveries/<int:identity>/retry", webhooks.retry),
    path("static/<str:name>", views.static),
]
