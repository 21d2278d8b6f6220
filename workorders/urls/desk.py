"""Customer service: the queue, the steps of an enquiry, opening one for a customer."""

from django.urls import URLPattern, path

from workorders.views import behalf, desk, queue

ENQUIRY = "enquiries/<int:number>"

urlpatterns: list[URLPattern] = [
    path("desk/", queue.queue, name="queue"),
    path("desk/next/", queue.take_next, name="take-next"),
    path("desk/assign/", queue.queue_assign, name="queue-assign"),
    path("desk/views/", queue.view_save, name="view-save"),
    path("desk/views/<int:pk>/delete/", queue.view_delete, name="view-delete"),
    path("desk/new/", behalf.counselling_behalf, name="counselling-behalf"),
    path("desk/sn/", behalf.sn_verdict, name="sn-verdict"),
    path(f"{ENQUIRY}/take/", desk.counselling_take, name="counselling-take"),
    path(f"{ENQUIRY}/assign/", desk.counselling_assign, name="counselling-assign"),
    path(f"{ENQUIRY}/history/", desk.counselling_history, name="counselling-history"),
    path(f"{ENQUIRY}/resolve/", desk.counselling_resolve, name="counselling-resolve"),
    path(f"{ENQUIRY}/refer/", desk.counselling_refer, name="counselling-refer"),
    path(f"{ENQUIRY}/convert/", desk.counselling_convert, name="counselling-convert"),
    path(f"{ENQUIRY}/settle/", desk.counselling_settle, name="counselling-settle"),
    path(f"{ENQUIRY}/device/", desk.counselling_device, name="counselling-device"),
    path(f"{ENQUIRY}/warranty/", desk.counselling_warranty, name="counselling-warranty"),
    path(f"{ENQUIRY}/next/", desk.counselling_neighbour, {"ahead": True}, "counselling-next"),
    path(
        f"{ENQUIRY}/previous/", desk.counselling_neighbour, {"ahead": False}, "counselling-previous"
    ),
]
