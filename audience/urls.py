"""Addresses of the audience app."""

from django.urls import URLPattern

app_name = "audience"
urlpatterns: list[URLPattern] = []
