"""Addresses of planning poker."""

from django.urls import path

from sprints.views import poker, poker_guests, poker_lead

IN = "w/<slug:workspace>"
AT = f"{IN}/poker/<int:pk>"
SEAT = "poker/seat/<str:token>"

urlpatterns = [
    path(f"{IN}/poker/", poker.poker_list, name="poker_list"),
    path(f"{IN}/poker/new/", poker.poker_new, name="poker_new"),
    path(f"{IN}/poker/calibration/", poker.poker_calibration, name="poker_calibration"),
    path(f"{AT}/", poker.poker_detail, name="poker_detail"),
    path(f"{AT}/look/", poker.poker_look, name="poker_look"),
    path(f"{AT}/sit/", poker.poker_sit, name="poker_sit"),
    path(f"{AT}/leave/", poker.poker_leave, name="poker_leave"),
    path(f"{AT}/vote/", poker.poker_vote, name="poker_vote"),
    path(f"{AT}/withdraw/", poker.poker_withdraw, name="poker_withdraw"),
    path(f"{AT}/put/", poker_lead.poker_put, name="poker_put"),
    path(f"{AT}/reveal/", poker_lead.poker_reveal, name="poker_reveal"),
    path(f"{AT}/again/", poker_lead.poker_again, name="poker_again"),
    path(f"{AT}/agree/", poker_lead.poker_agree, name="poker_agree"),
    path(f"{AT}/skip/", poker_lead.poker_skip, name="poker_skip"),
    path(f"{AT}/lead/", poker_lead.poker_lead, name="poker_lead"),
    path(f"{AT}/stories/", poker_lead.poker_stories, name="poker_stories"),
    path(f"{AT}/hand-over/", poker_lead.poker_hand_over, name="poker_hand_over"),
    path(f"{AT}/deadline/", poker_lead.poker_deadline, name="poker_deadline"),
    path(f"{AT}/link/", poker_lead.poker_link, name="poker_link"),
    path(f"{AT}/link/withdraw/", poker_lead.poker_link_withdraw, name="poker_link_withdraw"),
    path(f"{AT}/end/", poker_lead.poker_end, name="poker_end"),
    path(f"{IN}/settings/decks/", poker.settings_decks, name="settings_decks"),
    path(f"{IN}/settings/decks/<int:pk>/", poker.settings_deck_edit, name="settings_deck_edit"),
    path(f"{IN}/settings/decks/<int:pk>/remove/", poker.settings_deck_remove, name="settings_deck_remove"),
    path("poker/<str:token>/", poker_guests.poker_join, name="poker_join"),
    path(f"{SEAT}/", poker_guests.poker_guest, name="poker_guest"),
    path(f"{SEAT}/look/", poker_guests.poker_guest_look, name="poker_guest_look"),
    path(f"{SEAT}/vote/", poker_guests.poker_guest_vote, name="poker_guest_vote"),
    path(f"{SEAT}/withdraw/", poker_guests.poker_guest_withdraw, name="poker_guest_withdraw"),
    path(f"{SEAT}/leave/", poker_guests.poker_guest_leave, name="poker_guest_leave"),
]
