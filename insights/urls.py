"""Addresses of the insights app."""

from django.urls import path

from insights import views

app_name = "insights"
urlpatterns = [
    path("w/<slug:workspace>/campaigns/<int:pk>/report/", views.campaign_report, name="campaign_report"),
    path("w/<slug:workspace>/sprints/<int:pk>/measure/", views.sprint_measure, name="sprint_measure"),
]
