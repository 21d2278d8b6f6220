"""The search over the whole portal: every kind of number, and nothing that is somebody else's."""

from __future__ import annotations

from accounts.tests.factories import CustomerFactory
from devices.tests.factories import DeviceFactory
from workorders import search
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory


def kinds(user, text):
    return [(str(hit.kind), hit.number) for hit in search.find(user, text)]


def test_search_finds_every_kind_of_number(agnes, cora):
    device = DeviceFactory(sn="1H2141500001")
    enquiry = CounsellingFactory(customer=cora.customer, converted=True, sn=device.sn)
    order = RepairOrderFactory(customer=cora.customer, counselling=enquiry, submitted=True)
    UnitFactory(order=order, sn=device.sn)
    assert ("Enquiry", str(enquiry.number)) in kinds(agnes, str(enquiry.number))
    assert {kind for kind, _n in kinds(agnes, order.code.lower())} == {"Enquiry", "Repair order"}
    assert ("Repair order", order.code) in kinds(agnes, order.waybill.lower())
    by_sn = {kind for kind, _n in kinds(agnes, "1h21415-00001")}
    assert by_sn == {"Enquiry", "Repair order", "Device"}
    assert ("Customer", "Nordfjell Hosting AB") in kinds(agnes, "nordfjell")
    assert search.find(agnes, "  ") == []


def test_search_gives_nobody_what_is_not_theirs(emil, erna, kunshan, fin, cora, otto):
    order = RepairOrderFactory(customer=cora.customer, submitted=True, shop=kunshan)
    assert ("Repair order", order.code) in kinds(emil, order.code)
    for stranger in (erna, fin, otto):
        assert kinds(stranger, order.code) == []
    assert kinds(emil, "Nordfjell") == []
    assert kinds(otto, str(order.counselling.number)) == []
    assert kinds(cora, str(order.counselling.number))


def test_search_never_breaks_on_what_people_type(agnes):
    for text in ("%", "'", "\x00", "9" * 40, "—", "#", "a", "@", "﹪"):
        search.find(agnes, text)


def test_a_customer_of_the_search_leads_to_their_enquiries(client, agnes):
    client.force_login(agnes)
    customer = CustomerFactory(name="Searchable Mining")
    enquiry = CounsellingFactory(customer=customer, finished=True)
    [hit] = [h for h in search.find(agnes, "searchable min") if str(h.kind) == "Customer"]
    assert str(enquiry.number) in client.get(hit.url).content.decode()
