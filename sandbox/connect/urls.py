"""What an opened widget calls; the session's key is in the X-Session header."""

from django.urls import path

from sandbox.connect import session

MEMBER = "members/<str:guid>"

urlpatterns = [
    path("institutions", session.institutions),
    path("institutions/<str:code>", session.institution),
    path("members", session.members_view),
    path(MEMBER, session.member),
    path(f"{MEMBER}/credentials", session.credentials),
    path(f"{MEMBER}/answer", session.answer),
    path(f"{MEMBER}/start", session.start),
    path(f"{MEMBER}/continue", session.continue_jobs),
    path(f"{MEMBER}/oauth", session.oauth_window),
]
