"""Addresses of the audience app."""

from django.urls import path

from audience.views import contacts, imports, public, segments, signup, signup_public, topics

app_name = "audience"
urlpatterns = [
    path("w/<slug:workspace>/contacts/", contacts.contact_list, name="contact_list"),
    path("w/<slug:workspace>/contacts/new/", contacts.contact_new, name="contact_new"),
    path("w/<slug:workspace>/contacts/<int:pk>/", contacts.contact_detail, name="contact_detail"),
    path("w/<slug:workspace>/contacts/<int:pk>/edit/", contacts.contact_edit, name="contact_edit"),
    path("w/<slug:workspace>/contacts/<int:pk>/consent/", contacts.contact_consent, name="contact_consent"),
    path("w/<slug:workspace>/contacts/<int:pk>/suppress/", contacts.contact_suppress, name="contact_suppress"),
    path("w/<slug:workspace>/contacts/<int:pk>/lists/", contacts.contact_add_to_list, name="contact_add_to_list"),
    path(
        "w/<slug:workspace>/contacts/<int:pk>/lists/<int:list_pk>/remove/",
        contacts.contact_remove_from_list,
        name="contact_remove_from_list",
    ),
    path("w/<slug:workspace>/lists/", contacts.list_list, name="list_list"),
    path("w/<slug:workspace>/attributes/", contacts.attribute_list, name="attribute_list"),
    path("w/<slug:workspace>/attributes/<int:pk>/archive/", contacts.attribute_archive, name="attribute_archive"),
    path("w/<slug:workspace>/segments/", segments.segment_list, name="segment_list"),
    path("w/<slug:workspace>/segments/new/", segments.segment_new, name="segment_new"),
    path("w/<slug:workspace>/segments/preview/", segments.segment_preview, name="segment_preview"),
    path("w/<slug:workspace>/segments/<int:pk>/", segments.segment_edit, name="segment_edit"),
    path("w/<slug:workspace>/segments/<int:pk>/archive/", segments.segment_archive, name="segment_archive"),
    path("w/<slug:workspace>/imports/", imports.import_list, name="import_list"),
    path("w/<slug:workspace>/imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("w/<slug:workspace>/imports/<int:pk>/columns/", imports.import_map, name="import_map"),
    path("w/<slug:workspace>/imports/<int:pk>/cancel/", imports.import_cancel, name="import_cancel"),
    path("w/<slug:workspace>/imports/<int:pk>/refused.csv", imports.import_refusals, name="import_refusals"),
    path("p/<str:token>", public.preferences, name="preferences"),
    path("a/<str:token>", public.opt_in, name="opt_in"),
    path("f/<str:token>", signup_public.signup_page, name="signup_page"),
    path("f/<str:token>/frame", signup_public.signup_frame, name="signup_frame"),
    path("w/<slug:workspace>/contacts/<int:pk>/wishes/", topics.contact_wishes, name="contact_wishes"),
    path("w/<slug:workspace>/contacts/<int:pk>/ask/", topics.contact_ask, name="contact_ask"),
    path("w/<slug:workspace>/topics/", topics.topic_list, name="topic_list"),
    path("w/<slug:workspace>/topics/page/", topics.topic_page, name="topic_page"),
    path("w/<slug:workspace>/topics/<int:pk>/", topics.topic_edit, name="topic_edit"),
    path("w/<slug:workspace>/topics/<int:pk>/move/", topics.topic_move, name="topic_move"),
    path("w/<slug:workspace>/topics/<int:pk>/archive/", topics.topic_archive, name="topic_archive"),
    path("w/<slug:workspace>/forms/", signup.form_list, name="form_list"),
    path("w/<slug:workspace>/forms/new/", signup.form_new, name="form_new"),
    path("w/<slug:workspace>/forms/preview/", signup.form_preview, name="form_preview"),
    path("w/<slug:workspace>/forms/<int:pk>/", signup.form_detail, name="form_detail"),
    path("w/<slug:workspace>/forms/<int:pk>/edit/", signup.form_edit, name="form_edit"),
    path("w/<slug:workspace>/forms/<int:pk>/archive/", signup.form_archive, name="form_archive"),
]
