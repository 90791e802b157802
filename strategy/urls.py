"""Addresses of the strategy app."""

from django.urls import path

from strategy.views import goals, kpis, principles

app_name = "strategy"
urlpatterns = [
    path("w/<slug:workspace>/strategy/", goals.goal_list, name="goal_list"),
    path("w/<slug:workspace>/strategy/goals/new/", goals.goal_new, name="goal_new"),
    path("w/<slug:workspace>/strategy/goals/<int:pk>/", goals.goal_detail, name="goal_detail"),
    path("w/<slug:workspace>/strategy/goals/<int:pk>/edit/", goals.goal_edit, name="goal_edit"),
    path("w/<slug:workspace>/strategy/goals/<int:pk>/close/", goals.goal_close, name="goal_close"),
    path("w/<slug:workspace>/strategy/kpis/", kpis.kpi_list, name="kpi_list"),
    path("w/<slug:workspace>/strategy/kpis/new/", kpis.kpi_new, name="kpi_new"),
    path("w/<slug:workspace>/strategy/kpis/measure/", kpis.kpi_measure, name="kpi_measure"),
    path("w/<slug:workspace>/strategy/kpis/<int:pk>/", kpis.kpi_detail, name="kpi_detail"),
    path("w/<slug:workspace>/strategy/kpis/<int:pk>/edit/", kpis.kpi_edit, name="kpi_edit"),
    path("w/<slug:workspace>/strategy/kpis/<int:pk>/archive/", kpis.kpi_archive, name="kpi_archive"),
    path("w/<slug:workspace>/strategy/kpis/<int:pk>/readings/", kpis.kpi_reading, name="kpi_reading"),
    path("w/<slug:workspace>/strategy/principles/", principles.principle_list, name="principle_list"),
    path("w/<slug:workspace>/strategy/principles/new/", principles.principle_new, name="principle_new"),
    path("w/<slug:workspace>/strategy/principles/<int:pk>/edit/", principles.principle_edit, name="principle_edit"),
    path(
        "w/<slug:workspace>/strategy/principles/<int:pk>/archive/",
        principles.principle_archive,
        name="principle_archive",
    ),
]
