"""Addresses of the audience app."""

from django.urls import path

from audience.views import attributes, bulk, contacts, exports, imports, merges, segment_rules, segments

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
    path("w/<slug:workspace>/attributes/", attributes.attribute_list, name="attribute_list"),
    path("w/<slug:workspace>/attributes/<int:pk>/archive/", attributes.attribute_archive, name="attribute_archive"),
    path("w/<slug:workspace>/segments/", segments.segment_list, name="segment_list"),
    path("w/<slug:workspace>/segments/new/", segments.segment_new, name="segment_new"),
    path("w/<slug:workspace>/segments/preview/", segments.segment_preview, name="segment_preview"),
    path("w/<slug:workspace>/segments/<int:pk>/", segments.segment_edit, name="segment_edit"),
    path("w/<slug:workspace>/segments/<int:pk>/json/", segment_rules.segment_json, name="segment_json"),
    path("w/<slug:workspace>/segments/<int:pk>/watch/", segment_rules.segment_watch, name="segment_watch"),
    path("w/<slug:workspace>/segments/<int:pk>/archive/", segments.segment_archive, name="segment_archive"),
    path("w/<slug:workspace>/export/", exports.export_page, name="export"),
    path("w/<slug:workspace>/imports/", imports.import_list, name="import_list"),
    path("w/<slug:workspace>/imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("w/<slug:workspace>/imports/<int:pk>/columns/", imports.import_map, name="import_map"),
    path("w/<slug:workspace>/imports/<int:pk>/read/", imports.import_read, name="import_read"),
    path("w/<slug:workspace>/imports/<int:pk>/start/", imports.import_start, name="import_start"),
    path("w/<slug:workspace>/imports/<int:pk>/cancel/", imports.import_cancel, name="import_cancel"),
    path("w/<slug:workspace>/imports/<int:pk>/refused.csv", imports.import_refusals, name="import_refusals"),
    path("w/<slug:workspace>/contacts/<int:pk>/notes/", contacts.contact_note, name="contact_note"),
    path(
        "w/<slug:workspace>/contacts/<int:pk>/notes/<int:note_pk>/remove/",
        contacts.contact_note_remove,
        name="contact_note_remove",
    ),
    path("w/<slug:workspace>/contacts/bulk/", bulk.bulk_list, name="bulk_list"),
    path("w/<slug:workspace>/contacts/bulk/new/", bulk.bulk_new, name="bulk_new"),
    path("w/<slug:workspace>/contacts/bulk/<int:pk>/", bulk.bulk_detail, name="bulk_detail"),
    path("w/<slug:workspace>/contacts/bulk/<int:pk>/cancel/", bulk.bulk_cancel, name="bulk_cancel"),
    path("w/<slug:workspace>/contacts/bulk/<int:pk>/undo/", bulk.bulk_undo, name="bulk_undo"),
    path("w/<slug:workspace>/contacts/duplicates/", merges.duplicate_list, name="duplicate_list"),
    path("w/<slug:workspace>/contacts/<int:pk>/merge/<int:other_pk>/", merges.contact_merge, name="contact_merge"),
    path("w/<slug:workspace>/attributes/<int:pk>/", attributes.attribute_edit, name="attribute_edit"),
    path("w/<slug:workspace>/attributes/<int:pk>/move/", attributes.attribute_move, name="attribute_move"),
    path("w/<slug:workspace>/attributes/<int:pk>/return/", attributes.attribute_return, name="attribute_return"),
]
