"""Celery for production: `celery -A celery_app worker`."""

import os

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
if not apps.ready and not apps.loading:
    django.setup()

from celery_app.app import app

__all__ = ["app"]
