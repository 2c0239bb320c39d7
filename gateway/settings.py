"""Django's settings, read from the environment and from `.env` if it exists.

The defaults are those of production. docs/configuration.md describes the variables, and
gateway.boot.checks refuses values that are unsafe.
"""

from __future__ import annotations

import os
from pathlib import Path

from environ import Env

from gateway.access.scopes import ALL_SCOPES
from gateway.admin_menu import UNFOLD  # noqa: F401 - a setting
from gateway.api_docs.settings import SPECTACULAR_SETTINGS  # noqa: F401 - a setting
from gateway.boot import database
from gateway.boot.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Environment()
PROCESS_ENVIRONMENT = dict(os.environ)  # without `.env`; the checks compare both
if env.bool("READ_DOT_ENV", default=True) and (BASE_DIR / ".env").exists():
    Env.read_env(BASE_DIR / ".env")

DEVELOPMENT = env.bool("DEBUG", default=False)
DEBUG = False  # Django's debug pages are HTML and show settings
SECRET_KEY = env.str("SECRET_KEY")
FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEYS")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
if DEVELOPMENT:
    # Hydrogen's SDKs only call their own host name; see docs/sdk.md.
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "sandbox.hydrogenplatform.com"]
PORT = env.int("PORT", default=8000, minimum=1, maximum=65535)
SANDBOX_PORT = env.int("SANDBOX_PORT", default=8001, minimum=1, maximum=65535)
# Paths are appended to it, so a trailing slash is removed.
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").removesuffix("/")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "gateway.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "nucleus",
    "integrations",
    "gateway.access",
    "gateway",
]
if (BASE_DIR / "devtools").is_dir():  # production may leave it out
    INSTALLED_APPS.append("devtools")  # manage.py up

MIDDLEWARE = [
    "gateway.middleware.unread_bodies.UnreadBodyMiddleware",
    "gateway.middleware.request_id.RequestIdMiddleware",
    "gateway.middleware.security_headers.SecurityHeaders",
    "gateway.middleware.monitoring.MonitoringMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "gateway.middleware.staff_sessions.StaffSessionMiddleware",
    "gateway.middleware.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gateway.middleware.chunked_bodies.ChunkedBodyMiddleware",
    "gateway.access.throttle.RateLimitHeaders",
    "gateway.idempotency.middleware.IdempotencyMiddleware",  # opens the view's transaction
    "gateway.middleware.unknown_names.UnknownNamesMiddleware",  # inside: stored responses have it
]

ROOT_URLCONF = "gateway.urls"
WSGI_APPLICATION = "gateway.wsgi.application"
APPEND_SLASH = False  # the API has no trailing slashes; the admin adds its own

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "gateway" / "templates"],  # before those of the apps, which some extend
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": database.connection_settings(
        env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'gateway.sqlite3'}"),
        # Connections of one server process; 0: one for each thread, kept open.
        pool_size=env.int("DATABASE_POOL_SIZE", default=8, maximum=1000),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url("REDIS_URL", default="")
BROKER_URL = env.broker_url("BROKER_URL", default=REDIS_URL)
BROKER_VARIABLE = "BROKER_URL" if env.str("BROKER_URL") else "REDIS_URL"  # which messages name
JOB_WAKER = "celery_app.waker.wake" if BROKER_URL else ""  # dotted path; empty: workers poll
# Rows that a list counts, sorts, filters without an index, and has in pages with numbers.
LIST_WINDOW = env.int("LIST_WINDOW", default=10_000, minimum=1000, maximum=1_000_000)
EXPORT_MAX_ROWS = env.int("EXPORT_MAX_ROWS", default=100_000, minimum=1, maximum=1_000_000)
# Vendors send several webhooks for one import; jobs wait this long to handle them together.
WEBHOOK_SETTLE_SECONDS = env.float("WEBHOOK_SETTLE_SECONDS", default=0.5, maximum=60)
# A tenant's jobs that may call the vendor at the same time.
VENDOR_CONCURRENCY = env.int("VENDOR_CONCURRENCY", default=8, minimum=1, maximum=1000)
# Pages of one list that are read while the one before them is stored; each takes memory.
VENDOR_PAGES_AHEAD = env.int("VENDOR_PAGES_AHEAD", default=5, minimum=0, maximum=16)
VENDOR_CALLS_PER_SECOND = env.float("VENDOR_CALLS_PER_SECOND", default=50)  # per process; 0: off
# How often each member is synced even if no webhook came.
RECONCILE_HOURS = env.float("RECONCILE_HOURS", default=6, minimum=0.01, maximum=8760)
WEBHOOK_ALLOW_PRIVATE = DEVELOPMENT  # tenants' webhook URLs on this machine, over plain HTTP
DAYS = {"minimum": 1, "maximum": 36_500}
RETENTION_DAYS = {  # of finished work and its records
    "jobs": env.int("RETENTION_JOBS_DAYS", default=14, **DAYS),
    "webhooks": env.int("RETENTION_WEBHOOKS_DAYS", default=30, **DAYS),
    "events": env.int("RETENTION_EVENTS_DAYS", default=30, **DAYS),
    "audit": env.int("RETENTION_AUDIT_DAYS", default=90, **DAYS),
    "bulk": env.int("RETENTION_BULK_DAYS", default=30, **DAYS),
}
RETENTION_HOOKS = [
    "gateway.access.retention.prune",
    "nucleus.writes.bulk_transactions.prune",
]  # dotted paths, called with a batch size
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60, minimum=1, maximum=86_400)
# How long a job runs before it lets others run.
JOB_TURN_SECONDS = env.float("JOB_TURN_SECONDS", default=120, minimum=1, maximum=86_400)

NUCLEUS_CLIENT_CREATED = "integrations.flows.users.client_created"  # dotted path
NUCLEUS_CLIENT_ERASED = "integrations.flows.erasure.request"  # dotted path
NUCLEUS_IS_OWN_PASSWORD = "gateway.access.password_grant.is_own_password"  # noqa: S105 - dotted path
NUCLEUS_PASSWORD_CHANGED = "gateway.access.token_issuing.revoke_tokens_of"  # noqa: S105 - dotted path

# Between polls of a connection; 0: what the vendor asks for (MX: 3). A request waits
# MEMBER_WAIT_SECONDS for an import.
MEMBER_POLL_SECONDS = env.float("MEMBER_POLL_SECONDS", default=0, maximum=60)
MEMBER_WAIT_SECONDS = env.float("MEMBER_WAIT_SECONDS", default=9.0, maximum=300)
VENDOR_ALLOWED_HOSTS: list[str] = env.list("VENDOR_ALLOWED_HOSTS", default=[])
VENDOR_ALLOWED_HOSTS = [host.lower() for host in VENDOR_ALLOWED_HOSTS]  # as URLs are compared
# Of all vendor calls of one API request together.
VENDOR_DEADLINE_SECONDS = env.float(
    "VENDOR_DEADLINE_SECONDS", default=25.0, minimum=0.1, maximum=300
)
VENDOR_ALLOW_HTTP = DEVELOPMENT  # the sandbox serves plain HTTP on this machine
if DEVELOPMENT:
    VENDOR_ALLOWED_HOSTS += ["127.0.0.1", "localhost"]

OAUTH2_PROVIDER_APPLICATION_MODEL = "access.Application"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "access.AccessToken"  # noqa: S105
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "access.RefreshToken"  # noqa: S105
OAUTH2_PROVIDER_GRANT_MODEL = "access.Grant"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "access.IDToken"  # noqa: S105
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "access.DeviceGrant"
# The library's own migrations create no table, because all its models are swapped for those above;
# going through them takes longer than creating all tables.
MIGRATION_MODULES = {"oauth2_provider": None}
OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": env.int(
        "ACCESS_TOKEN_SECONDS", default=900, minimum=1, maximum=86_400
    ),
    "REFRESH_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "SCOPES": dict.fromkeys(ALL_SCOPES, ""),
    "SCOPES_BACKEND_CLASS": "gateway.access.scopes.ApplicationScopes",
    "OAUTH2_VALIDATOR_CLASS": "gateway.access.oauth_backend.SingleMethodValidator",
    "OAUTH2_BACKEND_CLASS": "gateway.access.oauth_backend.PathOnlyBackend",
    "CLIENT_SECRET_HASHER": "pbkdf2_sha256_generated",
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}
# Defaults of an application, and of all tokens of one client; the admin has limits per application.
# 0: no limit.
RATE_LIMIT_PER_MINUTE = env.int("RATE_LIMIT_PER_MINUTE", default=6000)
CLIENT_RATE_LIMIT_PER_MINUTE = env.int("CLIENT_RATE_LIMIT_PER_MINUTE", default=600)
TOKEN_RATE_LIMIT_PER_MINUTE = env.int("TOKEN_RATE_LIMIT_PER_MINUTE", default=600)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "gateway.access.hashers.GeneratedSecretHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["gateway.access.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["gateway.access.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["nucleus.hydrogen.json_format.ExactJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["nucleus.hydrogen.json_format.ExactJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "gateway.api_docs.schema.GatewaySchema",
    "EXCEPTION_HANDLER": "gateway.errors.responses.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(integration|nucleus)/v1/.*$"
CORS_ALLOW_METHODS = ("DELETE", "GET", "OPTIONS", "POST", "PUT")
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "idempotency-key", "x-request-id")
CORS_EXPOSE_HEADERS = (
    "Idempotent-Replayed", "Retry-After", "X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining",
    "RateLimit-Reset", "Warning",
)  # fmt: skip

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEVELOPMENT
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["gateway.formats"]

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
CSRF_FAILURE_VIEW = "gateway.errors.django_handlers.csrf_failure"
TRUSTED_PROXY_COUNT = env.int(
    "TRUSTED_PROXY_COUNT", default=0
)  # proxies that append to X-Forwarded-For
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 3600
# Whether staff have to have a second factor.
STAFF_SECOND_FACTOR = env.choice(
    "STAFF_SECOND_FACTOR", default="optional", choices=("optional", "required")
)
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", default=30, minimum=1, maximum=480)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEVELOPMENT)
# The proxy handles TLS and preload; subdomains of the host may belong to other servers.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "gateway.middleware.request_id.RequestIdFilter"}},
    "formatters": {
        "json": {"()": "gateway.log_formatters.JsonFormatter"},
        "line": {
            "()": "gateway.log_formatters.LineFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.choice("LOG_FORMAT", default="line", choices=("line", "json")),
            "filters": ["request_id"],
        }
    },
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", default="INFO", choices=LOG_LEVELS),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},  # Django's handlers would print lines twice
        "django.request": {"level": "ERROR"},  # responses below 500 are not incidents
        # oauthlib and the OAuth library log token values at debug level.
        "oauthlib": {"level": "WARNING"},
        "oauth2_provider": {"level": "WARNING"},
    },
}

STARTUP_CHECKS = "gateway.boot.startup.run_startup_checks"  # dotted path; workers call it first
INVALID_VARIABLES = env.invalid_variables
