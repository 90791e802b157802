"""Addresses of the sprints app."""

from django.urls import URLPattern

app_name = "sprints"
urlpatterns: list[URLPattern] = []
