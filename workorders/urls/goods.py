"""Addresses of goods: containers, shipments, labels, damage reports."""

from django.urls import URLPattern, path

from workorders.views.goods import containers, damages, lists, papers, shipments, tab

ORDER = "repairs/<str:code>"
BOX, SHIPMENT = "containers/<int:pk>", "shipments/<int:pk>"

urlpatterns: list[URLPattern] = [
    path(f"{ORDER}/logistics/", tab.order_logistics, name="order-logistics"),
    path(f"{ORDER}/containers/new/", tab.container_new, name="container-new"),
    path(f"{ORDER}/containers/pack/", tab.containers_pack, name="containers-pack"),
    path(f"{ORDER}/containers/seal/", tab.containers_seal, name="containers-seal"),
    path(f"{ORDER}/containers/announce/", tab.container_announce, name="container-announce"),
    path(f"{ORDER}/shipments/new/", tab.shipment_new, name="shipment-new"),
    path(f"{ORDER}/shipments/assign/", tab.shipment_assign, name="shipment-assign"),
    path(f"{ORDER}/shipments/unassign/", tab.shipment_unassign, name="shipment-unassign"),
    path(f"{ORDER}/labels/", papers.labels, name="labels"),
    path(f"{ORDER}/labels.pdf", papers.labels_pdf, name="labels-pdf"),
    path(f"{ORDER}/damages/", damages.damages, name="damages"),
    path(f"{ORDER}/damages.pdf", papers.damage_pdf, name="damage-pdf"),
    path("containers/", lists.containers, name="containers"),
    path("containers.csv", lists.containers_export, name="containers-export"),
    path(f"{BOX}/", containers.container, name="container"),
    path(f"{BOX}/pack/", containers.container_scan, name="container-scan"),
    path(f"{BOX}/out/", containers.container_out, name="container-out"),
    *[
        path(f"{BOX}/{step}/", containers.container_step, {"name": step}, name=f"container-{step}")
        for step in containers.STEPS
    ],
    path("shipments/", lists.shipments, name="shipments"),
    path("shipments.csv", lists.shipments_export, name="shipments-export"),
    path(f"{SHIPMENT}/", shipments.shipment, name="shipment"),
    path(f"{SHIPMENT}/number/", shipments.shipment_number, name="shipment-number"),
    path(f"{SHIPMENT}/dates/", shipments.shipment_dates, name="shipment-dates"),
    path(f"{SHIPMENT}/remove/", shipments.shipment_remove, name="shipment-remove"),
    path(f"{SHIPMENT}/events/", shipments.tracking_add, name="tracking-add"),
]
