"""Addresses of the delivery app. Those under /t/ stand in mails that were sent and never change."""

from django.urls import path

from delivery import public

app_name = "delivery"
urlpatterns = [
    path("t/o/<str:token>.gif", public.open_pixel, name="open"),
    path("t/c/<str:token>/<str:signature>", public.click, name="click"),
    path("t/u/<str:token>", public.unsubscribe, name="unsubscribe"),
]
