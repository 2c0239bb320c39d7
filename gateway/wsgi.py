"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from gateway.boot import startup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
startup.refuse_unsafe_settings()  # before Django loads, which would fail with a traceback
application = get_wsgi_application()
startup.warn_of_development_mode()  # logging is configured now
