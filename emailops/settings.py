"""The one settings file. Everything that differs between installations comes from the environment.

A missing or nonsensical value stops the start with a sentence. `docs/operations.md` lists the variables.
"""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from emailops.lib.mailurl import mail_settings

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()


def required(name: str) -> str:
    value: str = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. `make demo` sets it; docs/operations.md says what it means.")
    return value


# Installation
SECRET_KEY = required("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
SUPPRESSION_KEY = required("SUPPRESSION_KEY")  # never rotate it: the hashes of suppressed addresses hang on it
DEBUG = env.bool("DEBUG", False)
BASE_URL: str = env.str("BASE_URL", f"http://127.0.0.1:{env.int('PORT', 8000)}").rstrip("/")
if not BASE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("BASE_URL must start with http:// or https://; it is the address in every mail we send.")
IS_HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
VAR_DIR = (BASE_DIR / env.str("EMAILOPS_VAR", "var")).resolve()
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", False)
MAIL_SANDBOX = env.bool("MAIL_SANDBOX", False)
SANDBOX_SMTP_HOST: str = env.str("SANDBOX_SMTP_HOST", "127.0.0.1")
SANDBOX_SMTP_PORT = env.int("SANDBOX_SMTP_PORT", 2525)

# Applications, in the order of the product's sentence
OUR_APPS = ["workspaces", "audience", "strategy", "sprints", "campaigns", "delivery", "insights"]
INSTALLED_APPS = [
    "emailops",
    *OUR_APPS,
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "anymail",
    "csp",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "workspaces.middleware.MemberClockMiddleware",
    "workspaces.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "emailops.urls"
ASGI_APPLICATION = "emailops.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workspaces.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "django.templatetags.static",
                "django.contrib.humanize.templatetags.humanize",
                "workspaces.templatetags.ui",
                "workspaces.templatetags.frequent",
                "workspaces.templatetags.charts",
            ],
        },
    }
]
FORM_RENDERER = "workspaces.forms.Renderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = [
    # The proxy that ends TLS sends HSTS and redirects; docs/operations.md shows how.
    "security.W004",
    "security.W008",
]

# Data
DATABASES = {"default": dj_database_url.parse(required("DATABASE_URL"), conn_max_age=0)}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host/name")
REDIS_URL = required("REDIS_URL")
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(VAR_DIR / "media")))
ATTACHMENT_MEGABYTES = env.int("ATTACHMENT_MEGABYTES", 20)
ATTACHMENTS_MEGABYTES = env.int("ATTACHMENTS_MEGABYTES", 5000)
if ATTACHMENT_MEGABYTES < 1 or ATTACHMENTS_MEGABYTES < ATTACHMENT_MEGABYTES:
    raise ImproperlyConfigured("ATTACHMENT_MEGABYTES is at least 1, and ATTACHMENTS_MEGABYTES holds at least one file.")
ATTACHMENT_TYPES: list[str] = env.list(
    "ATTACHMENT_TYPES",
    [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "application/pdf",
        "text/plain",
        "text/html",
        "application/zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ],
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}

# People
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "workspaces.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "workspaces.accounts.LoginForm",
    "signup": "workspaces.accounts.SignupForm",
    "change_password": "workspaces.accounts.ChangePasswordForm",
    "reset_password": "workspaces.accounts.ResetPasswordForm",
    "reset_password_from_key": "workspaces.accounts.ResetPasswordKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation's link, or the installation's first start, proves the address
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # else anybody could have us write to anybody
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workspaces:front_door"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())

# Languages and clocks
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]  # of the interface; a language is offered once its catalogue is complete
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["emailops.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# Mail
SANDBOX_URL = f"smtp://{SANDBOX_SMTP_HOST}:{SANDBOX_SMTP_PORT}"
MAIL = mail_settings(SANDBOX_URL if MAIL_SANDBOX else required("EMAIL_URL"))
EMAIL_BACKEND = MAIL.backend
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starttls, MAIL.implicit_tls
EMAIL_TIMEOUT = 30
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
SMTP_CONNECTIONS = env.int("SMTP_CONNECTIONS", 8)
MAIL_PER_MINUTE = env.int("MAIL_PER_MINUTE", 0 if MAIL_SANDBOX or MAIL.is_on_this_machine else 3000)
if MAIL_PER_MINUTE < 0:
    raise ImproperlyConfigured("MAIL_PER_MINUTE must be a number of messages a minute, or 0 for no limit.")
PRIVATE_ENDPOINTS: list[str] = env.list("PRIVATE_ENDPOINTS", [])
RESEND_AFTER_HOURS = env.int("RESEND_AFTER_HOURS", 24)
if RESEND_AFTER_HOURS < 0:
    raise ImproperlyConfigured("RESEND_AFTER_HOURS cannot be negative: it is how long evidence is waited for.")
RESEND_AFTER = timedelta(hours=RESEND_AFTER_HOURS)
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "EmailOps <emailops@localhost.localdomain>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Workers
VISIBILITY = {"visibility_timeout": 300}  # seconds; Celery reads it in three places, and all three must agree
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
# Without max_retries a bell keeps the person's request waiting for six seconds while the broker is away.
CELERY_BROKER_TRANSPORT_OPTIONS = {**VISIBILITY, "max_retries": 0}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = VISIBILITY
CELERY_VISIBILITY_TIMEOUT = VISIBILITY["visibility_timeout"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A bell is acknowledged when it is heard. Late, it would have to be acknowledged over a broker that may have died in
# between, which ends the whole worker (AttributeError in kombu); and whatever must happen is found again by a poller.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True  # a bell that waits behind a task of twenty seconds could be heard by others
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# Who waits for one mail never waits behind a campaign (delivery/pace/queues.py). The queue of a small run is named by
# whoever rings for it.
CELERY_TASK_ROUTES = {
    "delivery.plan_run": {"queue": "bulk"},
    "delivery.send_run": {"queue": "bulk"},
    "delivery.send_test": {"queue": "transactional"},
    "delivery.try_transport": {"queue": "transactional"},
    "workspaces.send_system_mail": {"queue": "transactional"},
    "workspaces.mail_notices": {"queue": "transactional"},
}
CELERY_TIMEZONE = "UTC"
# Every entry only looks into PostgreSQL for what is due, so a missed or doubled beat does no harm.
CELERY_BEAT_SCHEDULE = {
    "due campaigns, lost bells, dead workers": {"task": "delivery.ring", "schedule": 3.0},
    "system mail": {"task": "workspaces.send_system_mail", "schedule": 10.0},
    "mails of what happened": {"task": "workspaces.mail_notices", "schedule": 60.0},
    "notices of long ago": {"task": "workspaces.forget_notices", "schedule": 86400.0},
    "changes to many without a worker": {"task": "audience.ring_bulks", "schedule": 15.0},
    "erasures without a worker": {"task": "audience.ring_erasures", "schedule": 15.0},
    "what was kept long enough": {"task": "audience.begin_retention", "schedule": crontab(hour=3, minute=30)},
    "retention without a worker": {"task": "audience.ring_retention", "schedule": 60.0},
    "imports without a worker": {"task": "audience.ring_imports", "schedule": 15.0},
    "profiles made anew": {"task": "audience.rebuild_profiles", "schedule": crontab(hour=1, minute=20)},
    "who came into segments and who went": {"task": "audience.refresh_segments", "schedule": 600.0},
    "figures of large workspaces": {"task": "audience.keep_figures", "schedule": 300.0},
    "indexes on attributes that segments ask about": {"task": "audience.tend_indexes", "schedule": 300.0},
    "requests that nobody confirmed": {"task": "audience.forget_opt_ins", "schedule": 86400.0},
    "visitors of web sites who did not come back": {"task": "audience.forget_visitors", "schedule": 86400.0},
    "poker: countdowns, deadlines, reminders": {"task": "sprints.poker", "schedule": 5.0},
    "owners who have not answered": {"task": "sprints.chase_approvals", "schedule": 60.0},
    "changes of approved plans": {"task": "sprints.log_drift", "schedule": 300.0},
    "reminders and digests of stand-ups": {"task": "sprints.call_stand_ups", "schedule": 60.0},
    "actions that are overdue": {"task": "sprints.chase_actions", "schedule": 900.0},
    "sprints made ahead": {"task": "sprints.make_ahead", "schedule": 900.0},
    "yesterday's KPI readings and due verdicts": {"task": "insights.fold", "schedule": 600.0},
}
CELERY_BEAT_SCHEDULER = "emailops.beat:SteadyScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5  # seconds; set back and forth, it would else sleep for five minutes
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# Security
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["workspaces.api_access.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["workspaces.api_access.KeyMay"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "workspaces.api_access.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "workspaces.api_access.answer_for_exception",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "EmailOps API",
    "VERSION": "1",
    "DESCRIPTION": "Everything the browser does, for programs. Authenticate with `Authorization: Bearer <API key>`.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "BulkAction": "audience.models.BulkAction",
        "ImportMode": "audience.models.ImportMode",
        "RetentionHandling": "audience.models.Handling",
        "ErasureState": "audience.models.ErasureState",
        "PrivacyRequestKind": "audience.models.RequestKind",
        "PrivacyRequestState": "audience.models.RequestState",
        "ImportWhat": "audience.models.ImportWhat",
        "ExportWhat": "audience.exports.ExportWhat",
        "OrderStatus": "audience.models.OrderStatus",
        "FactSource": "audience.models.Source",
        "PokerMode": "sprints.models.PokerMode",
        "ConsentEnum": "audience.models.Consent",
        "SignupKindEnum": "audience.models.SignupKind",
        "AttributeKind": "audience.models.AttributeKind",
        "QuestionKind": "audience.models.QuestionKind",
        "SurveyStatus": "audience.models.SurveyStatus",
        "AnswerSource": "audience.models.AnswerSource",
        "GoalKind": "strategy.models.GoalKind",
        "Unit": "strategy.models.Unit",
        "StoryKind": "sprints.models.StoryKind",
        "LinkKind": "sprints.models.LinkKind",
        "SprintState": "sprints.models.SprintState",
        "ApprovalState": "sprints.models.ApprovalState",
        "DecidedVia": "sprints.models.DecidedVia",
        "RetroPhase": "sprints.models.RetroPhase",
        "ActionState": "sprints.models.ActionState",
        "IdeaState": "sprints.models.IdeaState",
        "PokerState": "sprints.models.PokerState",
        "ItemState": "sprints.models.ItemState",
        "TurnState": "sprints.models.TurnState",
        "CapacityUnit": "sprints.models.CapacityUnit",
        "Weekday": "sprints.models.Weekday",
        "StoryStatus": "sprints.models.StoryStatus",
        "OriginKind": "sprints.models.OriginKind",
        "DelegationScope": "sprints.models.DelegationScope",
        "NoteKind": "sprints.models.NoteKind",
        "Verdict": "sprints.models.Verdict",
        "OutcomeVerdict": "sprints.models.OutcomeVerdict",
        "TransportKind": "delivery.models.TransportKind",
        "FeedbackKind": "delivery.models.FeedbackKind",
        "LimitScope": "delivery.models.pace.LimitScope",
    },
}

# Logs
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("aiosmtpd", "mail.log", "fontTools", "fpdf")},
}
