"""The sandbox's own settings; nothing of the gateway's is read."""

from __future__ import annotations

import os
import re
import secrets

SECRET_KEY = secrets.token_urlsafe(32)  # nothing it signs outlives the process
DEBUG = False
# Its own names only: a page whose name is made to resolve to this machine must not reach it.
# An entry with a port is where a proxy or container in front is reached.
OWN_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
OWN_HOSTS += os.environ.get("SANDBOX_ALLOWED_HOSTS", "").lower().replace(",", " ").split()
ALLOWED_HOSTS = [re.sub(r":\d+$", "", host) for host in OWN_HOSTS]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = None
APPEND_SLASH = False
INSTALLED_APPS = ["sandbox.world"]
MIDDLEWARE = ["sandbox.control.middleware.SandboxMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SANDBOX_DATABASE", "var/sandbox.sqlite3"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

CLIENT_ID = os.environ.get("SANDBOX_CLIENT_ID", "sandbox-client-id")
API_KEY = os.environ.get("SANDBOX_API_KEY", "sandbox-api-key")
PLATFORM_CLIENT_ID = os.environ.get("SANDBOX_PLATFORM_CLIENT_ID", "sandbox-platform-client-id")
PLATFORM_API_KEY = os.environ.get("SANDBOX_PLATFORM_API_KEY", "sandbox-platform-api-key")
JOB_SECONDS = float(os.environ.get("SANDBOX_JOB_SECONDS", "1.5"))
USER_LIMIT = int(os.environ.get("SANDBOX_USER_LIMIT", "100"))  # MX's test environment; 0: none
VERIFICATION_FLOW = os.environ.get("SANDBOX_VERIFICATION_FLOW", "default")  # or legacy
SEED = os.environ.get("SANDBOX_SEED", "")  # empty: a new one for every new database
