"""/nucleus/v1."""

from django.urls import path

from nucleus.api import businesses, clients, records

urlpatterns = [
    path("client", clients.ClientsView.as_view()),
    path("client/<uuid:record_id>", clients.ClientView.as_view()),
    path("business", businesses.BusinessesView.as_view()),
    path("business/<uuid:record_id>", businesses.BusinessView.as_view()),
]
for kind in records.KINDS:
    several, one = records.views(kind)
    urlpatterns += [
        path(kind.path, several.as_view()),
        path(f"{kind.path}/<uuid:record_id>", one.as_view()),
    ]
