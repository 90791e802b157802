"""Addresses of the delivery app. Those under /t/ stand in mails that were sent and never change."""

from django.urls import path

from delivery import public
from delivery.views import runs, safety, samples

app_name = "delivery"
urlpatterns = [
    path("t/o/<str:token>.gif", public.open_pixel, name="open"),
    path("t/c/<str:token>/<str:signature>", public.click, name="click"),
    path("t/u/<str:token>", public.unsubscribe, name="unsubscribe"),
    path("w/<slug:workspace>/campaigns/<int:pk>/progress/", runs.run_panel, name="run_panel"),
    path("w/<slug:workspace>/campaigns/<int:pk>/pause/", runs.run_pause, name="run_pause"),
    path("w/<slug:workspace>/campaigns/<int:pk>/resume/", runs.run_resume, name="run_resume"),
    path("w/<slug:workspace>/campaigns/<int:pk>/stop/", runs.run_cancel, name="run_cancel"),
    path("w/<slug:workspace>/campaigns/<int:pk>/again/", runs.run_send_again, name="run_send_again"),
    path("w/<slug:workspace>/campaigns/<int:pk>/recipients/", runs.recipient_list, name="recipient_list"),
    path("w/<slug:workspace>/campaigns/<int:pk>/recipients.csv", runs.recipients_csv, name="recipients_csv"),
    path("w/<slug:workspace>/campaigns/<int:pk>/test/", samples.campaign_test, name="campaign_test"),
    path("w/<slug:workspace>/settings/safety/", safety.settings_safety, name="settings_safety"),
    path("w/<slug:workspace>/settings/safety/confirm/", safety.restore_confirm, name="restore_confirm"),
]
