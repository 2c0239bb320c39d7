"""The real settings with throw-away secrets; DATABASE_URL and REDIS_URL choose the services."""

import os
import tempfile
from pathlib import Path

os.environ["READ_DOT_ENV"] = "false"
os.environ["DEBUG"] = "true"
os.environ["SECRET_KEY"] = "for-tests-only-" + "x" * 50
os.environ["FIELD_ENCRYPTION_KEYS"] = "Zm9yLXRlc3RzLW9ubHktZm9yLXRlc3RzLW9ubHktMTI="
os.environ.setdefault("ALLOWED_HOSTS", "testserver")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("MEMBER_POLL_SECONDS", "0.1")  # the sandbox's jobs take 0.05 s in tests
os.environ.setdefault("MEMBER_WAIT_SECONDS", "30")
os.environ.setdefault("VENDOR_DEADLINE_SECONDS", "60")  # machines may be busy
os.environ.setdefault("WEBHOOK_SETTLE_SECONDS", "0")

from gateway.settings import *  # noqa: F403
from gateway.settings import DATABASES

# People's passwords are stretched for half a second each; tests need no such thing.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "gateway.access.hashers.GeneratedSecretHasher",
]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # or test servers' threads keep the test database open
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because threads and processes share it; durability is not what these tests are about.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"gateway-test-{os.getpid()}.sqlite3")
    }
    DATABASES["default"]["OPTIONS"] |= {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        "timeout": 60,  # dozens of threads wait for the one write lock, on a busy machine, too
    }
else:
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
