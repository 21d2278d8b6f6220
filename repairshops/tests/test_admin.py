"""Master data of shops."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.models import User
from repairshops.models import RepairShop


def test_only_workshop_people_can_be_made_members(
    client: Client, ada: User, agnes: User, emil: User, mona: User, kunshan: RepairShop
) -> None:
    client.force_login(ada)
    page = client.get(reverse("admin:repairshops_repairshop_change", args=[kunshan.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    assert f'<option value="{emil.pk}"' in text
    assert f'<option value="{mona.pk}"' in text
    assert f'<option value="{agnes.pk}"' not in text


def test_a_shop_is_switched_off_and_not_deleted(
    client: Client, ada: User, kunshan: RepairShop
) -> None:
    client.force_login(ada)
    url = reverse("admin:repairshops_repairshop_delete", args=[kunshan.pk])
    assert client.post(url, {"post": "yes"}).status_code == 403


def test_other_roles_do_not_open_the_administration(client: Client, agnes: User) -> None:
    client.force_login(agnes)
    response = client.get(reverse("admin:repairshops_repairshop_changelist"))
    assert response.status_code in {302, 403}
