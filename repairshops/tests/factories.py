from __future__ import annotations

import factory

from repairshops.models import Membership, RepairShop


class RepairShopFactory(factory.django.DjangoModelFactory[RepairShop]):
    class Meta:
        model = RepairShop

    class Params:
        third_party = factory.Trait(kind=RepairShop.Kind.THIRD_PARTY)

    code = factory.Sequence(lambda n: f"shop-{n}")
    name_en = factory.Sequence(lambda n: f"Service centre {n}")
    name_zh = factory.Sequence(lambda n: f"服务中心 {n}")
    region_en = "Mainland China"
    region_zh = "中国大陆"
    address_en = "3rd Floor, Bldg 5, No. 148, Kangzhuang Road, Kunshan City, Jiangsu Province"
    address_zh = "江苏省昆山市康庄路148号5栋3楼"
    phone = "+86 512 0000 0000"


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership
