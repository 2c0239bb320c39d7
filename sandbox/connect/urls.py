"""What an opened widget calls; the session's key is in the X-Session header."""

from django.urls import path

from sandbox.connect import session

urlpatterns = [
    path("institutions", session.institutions),
    path("institutions/<str:code>", session.institution),
    path("members", session.members_view),
    path("members/<str:guid>", session.member),
    path("members/<str:guid>/credentials", session.credentials),
    path("members/<str:guid>/answer", session.answer),
    path("members/<str:guid>/verify", session.verify),
]
