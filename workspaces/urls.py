"""Addresses of the workspaces app; `workspace` is the slug of the workspace one is in."""

from django.urls import path

from workspaces import views
from workspaces.brand import views as brand
from workspaces.notices import views as notices

app_name = "workspaces"
urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("new/", views.new_workspace, name="new"),
    path("join/<str:token>/", views.join, name="join"),
    path("w/<slug:workspace>/", views.home, name="home"),
    path("w/<slug:workspace>/live/", views.live, name="live"),
    path("w/<slug:workspace>/me/", views.profile, name="profile"),
    path("w/<slug:workspace>/notices/", notices.notice_list, name="notice_list"),
    path("w/<slug:workspace>/notices/bell/", notices.notice_bell, name="notice_bell"),
    path("w/<slug:workspace>/notices/read/", notices.notice_read, name="notice_read"),
    path("w/<slug:workspace>/notices/mute/", notices.notice_mute, name="notice_mute"),
    path("w/<slug:workspace>/notices/settings/", notices.notice_settings, name="notice_settings"),
    path("notices/off/<str:token>/", notices.notices_off, name="notices_off"),
    path("w/<slug:workspace>/settings/", views.settings_general, name="settings_general"),
    path("w/<slug:workspace>/settings/brand/", brand.settings_brand, name="settings_brand"),
    path("b/<str:token>/style.css", brand.brand_style, name="brand_style"),
    path("b/<str:token>/logo.png", brand.brand_logo, name="brand_logo"),
    path("w/<slug:workspace>/settings/members/", views.settings_members, name="settings_members"),
    path("w/<slug:workspace>/settings/members/<int:pk>/role/", views.member_role, name="member_role"),
    path("w/<slug:workspace>/settings/members/<int:pk>/remove/", views.member_remove, name="member_remove"),
    path("w/<slug:workspace>/settings/invitations/<int:pk>/revoke/", views.invitation_revoke, name="invitation_revoke"),
    path("w/<slug:workspace>/settings/keys/", views.settings_keys, name="settings_keys"),
    path("w/<slug:workspace>/settings/keys/<int:pk>/revoke/", views.key_revoke, name="key_revoke"),
    path("w/<slug:workspace>/settings/audit/", views.settings_audit, name="settings_audit"),
]
