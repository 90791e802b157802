"""Addresses of the mail sandbox, below /sandbox/, where the installation has one."""

from django.urls import path

from delivery.views import sandbox

app_name = "sandbox"
urlpatterns = [
    path("", sandbox.message_list, name="message_list"),
    path("<int:pk>/", sandbox.message_detail, name="message_detail"),
    path("<int:pk>/html/", sandbox.message_html, name="message_html"),
    path("<int:pk>/mail.eml", sandbox.message_raw, name="message_raw"),
]
