"""Addresses of the work orders, one list per kind of work."""

from workorders.urls import bench, counselling, desk, goods, order, repairs

app_name = "workorders"
urlpatterns = [
    *counselling.urlpatterns,
    *desk.urlpatterns,
    *order.urlpatterns,  # before bench: units/<pk>/names/ is no step
    *goods.urlpatterns,
    *bench.urlpatterns,  # before repairs: repairs/all/ is no code
    *repairs.urlpatterns,
]
