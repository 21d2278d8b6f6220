"""All settings in one file; everything that differs between machines comes from the environment.

DEMO=1 (what `make run` sets) gives a portal that needs nothing else: SQLite, an embedded broker, a
mailbox in the browser. Without it the portal refuses to start until it has what it needs.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from celery.schedules import schedule
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

django_stubs_ext.monkeypatch()  # ModelAdmin[User] and the like, at run time too
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

TESTING = "pytest" in sys.modules
DEMO = env.bool("DEMO", default=TESTING or "mypy" in sys.modules)
DEBUG = env.bool("DEBUG", default=False)
# Each process of a test run has a directory of its own; conftest.py removes it.
TEST_DIR = tempfile.mkdtemp(prefix="aftersales-test-") if TESTING else ""
DATA_DIR = Path(TEST_DIR or env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
PORT = env.int("PORT", default=8000)


def demo_secret() -> str:
    """The demo keeps a secret of its own in DATA_DIR, so that sessions survive a restart."""
    path = DATA_DIR / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default=demo_secret() if DEMO else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{PORT}" if DEMO else "").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEMO else []
)
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts of the portal, without '*'.")
if not SITE_URL:
    raise ImproperlyConfigured("SITE_URL must be the address that mails link to.")
HTTPS = SITE_URL.startswith("https://")
if DEBUG and not DEMO:
    raise ImproperlyConfigured("DEBUG is for the demo only.")

# ------------------------------------------------------------------ apps, from roof to ground
OUR_APPS = [
    "aftersales",
    "notifications",
    "billing",
    "parts",
    "scopes",
    "workorders",
    "logistics",
    "repairshops",
    "devices",
    "sla",
    "attachments",
    "jobs",
    "accounts",
    "history",
    "core",
]
INSTALLED_APPS = [
    *OUR_APPS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_fsm",
    "django_htmx",
    "django_filters",
    "django_linear_migrations",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
FIRST_PARTY_APPS = OUR_APPS
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.Hardening",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "attachments.middleware.UploadGate",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.Person",
    "accounts.middleware.SecondFactor",
    "core.middleware.Refusals",
]
ROOT_URLCONF = "aftersales.urls"
WSGI_APPLICATION = "aftersales.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "aftersales.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# ------------------------------------------------------------------ database
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;"
        f"PRAGMA synchronous={'OFF' if TESTING else 'FULL'};",
    }
    # A file, because races of several processes and threads fail on a database in memory.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "options": "-c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000"
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ------------------------------------------------------------------ broker, cache, tasks
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL or "memory://localhost/")
CACHES: dict[str, dict[str, Any]] = {
    "default": env.cache_url("CACHE_URL", default=REDIS_URL or "locmemcache://")
}
CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_BEAT_SCHEDULE = {
    "relay-mail": {"task": "notifications.tasks.relay_mail", "schedule": schedule(10.0)},
    "sweep-clocks": {"task": "sla.tasks.sweep_clocks", "schedule": schedule(10.0)},
    "resume-jobs": {"task": "jobs.tasks.resume_jobs", "schedule": schedule(30.0)},
    "forget-old-work": {"task": "jobs.tasks.forget", "schedule": schedule(3600.0)},
    "sweep-uploads": {"task": "attachments.tasks.sweep_uploads", "schedule": schedule(3600.0)},
    "complete-returned-orders": {
        "task": "workorders.tasks.complete_returned_orders",
        "schedule": schedule(3600.0),
    },
    "remind-overdue": {"task": "billing.tasks.remind_overdue", "schedule": schedule(21600.0)},
    "forget-tracking": {"task": "logistics.tasks.forget_messages", "schedule": schedule(3600.0)},
    "remind-of-quotes": {
        "task": "billing.quote_tasks.remind_of_quotes",
        "schedule": schedule(3600.0),
    },
    "expire-quotes": {"task": "billing.quote_tasks.expire_quotes", "schedule": schedule(3600.0)},
    "tell-expiring-agreements": {
        "task": "scopes.tasks.tell_expiring_agreements",
        "schedule": schedule(21600.0),
    },
    "heartbeat": {"task": "aftersales.tasks.heartbeat", "schedule": schedule(15.0)},
}

# ------------------------------------------------------------------ people and sessions
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if TESTING
    else "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "notifications.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a changed password, address or second factor
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
PASSWORD_RESET_TIMEOUT = 3600
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO and not HTTPS
MFA_TOTP_ISSUER = "After-sales"
MFA_ADAPTER = "accounts.second_factor.Adapter"
MFA_FORMS = {
    "authenticate": "accounts.code_forms.AuthenticateForm",
    "reauthenticate": "accounts.code_forms.ReauthenticateForm",
    "activate_totp": "accounts.code_forms.ActivateTOTPForm",
}
# Staff need a second factor; the demo relaxes it and says so on every page.
SECOND_FACTOR_FOR_STAFF = env.bool("SECOND_FACTOR_FOR_STAFF", default=not DEMO)
DEMO_PASSWORD = "demo-portal-2026" if DEMO else ""
DEMO_MAIL_DOMAIN = "@demo.test"  # whose people the sign-in page of the demo offers
TURNSTILE_SITE_KEY = env.str("TURNSTILE_SITE_KEY", default="")
TURNSTILE_SECRET_KEY = env.str("TURNSTILE_SECRET_KEY", default="")

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
STAFF_IDLE_SECONDS = 30 * 60
STAFF_SESSION_SECONDS = 12 * 3600
# What open pages ask by themselves, by htmx: it does not keep a session alive.
POLLING_VIEWS = frozenset({"workorders:messages", "workorders:queue", "jobs:job"})
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS

# ------------------------------------------------------------------ headers
SECURE_SSL_REDIRECT = HTTPS and env.bool("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# ------------------------------------------------------------------ files
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_ENDPOINT = env.str("S3_ENDPOINT", default="")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEMO
PRIVATE_ROOT = DATA_DIR / "private"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "region_name": env.str("S3_REGION", default="us-east-1"),
            "access_key": env.str("S3_ACCESS_KEY", default=""),
            "secret_key": env.str("S3_SECRET_KEY", default=""),
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": 60,
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": PRIVATE_ROOT,
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
X_ACCEL_PREFIX = env.str("X_ACCEL_PREFIX", default="")
MB = 1024 * 1024
UPLOAD_LIMIT = 20 * MB
VIDEO_LIMIT = 100 * MB
REQUEST_LIMIT = 130 * MB
FILES_PER_MESSAGE = 3

# Carriers sign what they tell: "sf=secret,dhl=old|new"; the old one while it rotates.
TRACKING_WEBHOOK_SECRETS = {
    code.strip(): known.split("|")
    for code, known in env.dict("TRACKING_WEBHOOK_SECRETS", default={}).items()
}
if any(len(one) < 32 for known in TRACKING_WEBHOOK_SECRETS.values() for one in known):
    raise ImproperlyConfigured("A secret in TRACKING_WEBHOOK_SECRETS has at least 32 characters.")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_HANDLERS = ["attachments.uploads.LimitedUploadHandler"]

_s3_origin = [S3_ENDPOINT] if S3_ENDPOINT else []
_turnstile = ["https://challenges.cloudflare.com"] if TURNSTILE_SITE_KEY else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, *_turnstile],
        "style-src": [SELF],
        "img-src": [SELF, *_s3_origin],
        "media-src": [SELF, *_s3_origin],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": _turnstile or [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# ------------------------------------------------------------------ mail
EMAIL_CONFIG = env.email("EMAIL_URL", default="smtp://localhost:25")
if not DEMO or "EMAIL_URL" in env.ENVIRON:
    vars().update(EMAIL_CONFIG)
    DEMO_MAILBOX = False
else:
    # The outbox is the mailbox of the demo: its relay hands mails to nobody but the browser.
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    DEMO_MAILBOX = True
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="After-sales <service@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# ------------------------------------------------------------------ languages and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
WARRANTY_ZONE = env.str("WARRANTY_ZONE", default="Asia/Shanghai")
BRAND_NAME = env.str("BRAND_NAME", default="VolcMiner")
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="support@example.com")
SUPPORT_PHONE = env.str("SUPPORT_PHONE", default="")

# ------------------------------------------------------------------ log
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # What the clock does every ten seconds, or how a paper is set, is no news; failures are
    # logged above this level.
    "loggers": {
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "weasyprint": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
