"""Addresses of the delivery app. Those under /t/ stand in mails that were sent and never change."""

from django.urls import path

from delivery import public, survey_door
from delivery.views import runs, safety, samples, signing, speed, transports

app_name = "delivery"
urlpatterns = [
    path("t/o/<str:token>.gif", public.open_pixel, name="open"),
    path("t/c/<str:token>/<str:signature>", public.click, name="click"),
    path("t/u/<str:token>", public.unsubscribe, name="unsubscribe"),
    path("t/p/<str:token>", public.preferences, name="preferences"),
    path("t/s/<str:token>/<slug:survey>", survey_door.survey, name="survey"),
    path("w/<slug:workspace>/campaigns/<int:pk>/progress/", runs.run_panel, name="run_panel"),
    path("w/<slug:workspace>/campaigns/<int:pk>/pause/", runs.run_pause, name="run_pause"),
    path("w/<slug:workspace>/campaigns/<int:pk>/resume/", runs.run_resume, name="run_resume"),
    path("w/<slug:workspace>/campaigns/<int:pk>/stop/", runs.run_cancel, name="run_cancel"),
    path("w/<slug:workspace>/campaigns/<int:pk>/speed/", speed.run_speed, name="run_speed"),
    path("w/<slug:workspace>/campaigns/<int:pk>/again/", runs.run_send_again, name="run_send_again"),
    path("w/<slug:workspace>/campaigns/<int:pk>/recipients/", runs.recipient_list, name="recipient_list"),
    path("w/<slug:workspace>/campaigns/<int:pk>/recipients.csv", runs.recipients_csv, name="recipients_csv"),
    path("w/<slug:workspace>/settings/mail-servers/", transports.settings_transports, name="settings_transports"),
    path("w/<slug:workspace>/settings/mail-servers/new/", transports.transport_new, name="transport_new"),
    path("w/<slug:workspace>/settings/mail-servers/<int:pk>/", transports.transport_edit, name="transport_edit"),
    path("w/<slug:workspace>/settings/mail-servers/<int:pk>/try/", transports.transport_try, name="transport_try"),
    path(
        "w/<slug:workspace>/settings/mail-servers/<int:pk>/switch/",
        transports.transport_switch,
        name="transport_switch",
    ),
    path(
        "w/<slug:workspace>/settings/mail-servers/<int:pk>/remove/",
        transports.transport_remove,
        name="transport_remove",
    ),
    path("w/<slug:workspace>/campaigns/<int:pk>/test/", samples.campaign_test, name="campaign_test"),
    path("w/<slug:workspace>/settings/signing/", signing.settings_signing, name="settings_signing"),
    path("w/<slug:workspace>/settings/signing/<int:pk>/", signing.settings_signing_key, name="settings_signing_key"),
    path(
        "w/<slug:workspace>/settings/signing/<int:pk>/switch-on/",
        signing.settings_signing_switch_on,
        name="settings_signing_switch_on",
    ),
    path(
        "w/<slug:workspace>/settings/signing/<int:pk>/replace/",
        signing.settings_signing_replace,
        name="settings_signing_replace",
    ),
    path(
        "w/<slug:workspace>/settings/signing/<int:pk>/retire/",
        signing.settings_signing_retire,
        name="settings_signing_retire",
    ),
    path("w/<slug:workspace>/settings/speed/", speed.settings_speed, name="settings_speed"),
    path(
        "w/<slug:workspace>/settings/speed/warm-up/<int:server>/",
        speed.settings_speed_warm_up,
        name="settings_speed_warm_up",
    ),
    path(
        "w/<slug:workspace>/settings/speed/warm-up/<int:server>/end/",
        speed.settings_speed_warm_up_end,
        name="settings_speed_warm_up_end",
    ),
    path("w/<slug:workspace>/settings/safety/", safety.settings_safety, name="settings_safety"),
    path("w/<slug:workspace>/settings/safety/confirm/", safety.restore_confirm, name="restore_confirm"),
]
