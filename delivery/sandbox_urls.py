"""Addresses of the mail sandbox."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
