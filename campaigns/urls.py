"""Addresses of the campaigns app."""

from django.urls import path

from campaigns.views import campaigns, content, launch, release, senders

app_name = "campaigns"
urlpatterns = [
    path("w/<slug:workspace>/campaigns/", campaigns.campaign_list, name="campaign_list"),
    path("w/<slug:workspace>/campaigns/new/", campaigns.campaign_new, name="campaign_new"),
    path("w/<slug:workspace>/campaigns/<int:pk>/", campaigns.campaign_detail, name="campaign_detail"),
    path("w/<slug:workspace>/campaigns/<int:pk>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("w/<slug:workspace>/campaigns/<int:pk>/cancel/", campaigns.campaign_cancel, name="campaign_cancel"),
    path("w/<slug:workspace>/campaigns/<int:pk>/content/", content.campaign_content, name="campaign_content"),
    path(
        "w/<slug:workspace>/campaigns/<int:pk>/content/draft/",
        content.campaign_draft_preview,
        name="campaign_draft_preview",
    ),
    path(
        "w/<slug:workspace>/campaigns/<int:pk>/content/<int:number>/restore/",
        content.campaign_content_restore,
        name="campaign_content_restore",
    ),
    path("w/<slug:workspace>/campaigns/<int:pk>/preview/", content.campaign_preview, name="campaign_preview"),
    path("w/<slug:workspace>/campaigns/<int:pk>/checks/", release.campaign_checks, name="campaign_checks"),
    path("w/<slug:workspace>/campaigns/<int:pk>/schedule/", release.campaign_schedule, name="campaign_schedule"),
    path("w/<slug:workspace>/campaigns/<int:pk>/unschedule/", release.campaign_unschedule, name="campaign_unschedule"),
    path("w/<slug:workspace>/campaigns/<int:pk>/ask/", release.campaign_ask_owner, name="campaign_ask_owner"),
    path("w/<slug:workspace>/campaigns/<int:pk>/ask-launch/", launch.campaign_ask_launch, name="campaign_ask_launch"),
    path("w/<slug:workspace>/settings/senders/", senders.settings_senders, name="settings_senders"),
    path("w/<slug:workspace>/settings/senders/<int:pk>/archive/", senders.sender_archive, name="sender_archive"),
]
