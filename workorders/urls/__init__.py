"""Addresses of the work orders, one list per kind of work."""

from workorders.urls import bench, counselling, desk, repairs

app_name = "workorders"
urlpatterns = [
    *counselling.urlpatterns,
    *desk.urlpatterns,
    *bench.urlpatterns,  # before repairs: repairs/all/ is no code
    *repairs.urlpatterns,
]
