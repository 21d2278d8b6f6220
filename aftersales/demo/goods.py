"""Carriers, product models, shops and a small registry of devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from devices.models import Brand, Device, DeviceType, ProductModel, warranty_day
from logistics.models import Carrier
from repairshops.models import RepairShop
from sla.models import Calendar

MANUAL_SN = "1H21415090018"  # the device of the customer manual
OUT_OF_WARRANTY = {2, 30, 34, 38, 66}  # the last two digits

CARRIERS = (
    (
        "sf",
        "SF Express",
        "顺丰速运",
        "https://www.sf-express.com/track/{number}",
        r"[A-Z]{2}\d{6,15}",
    ),
    (
        "dhl",
        "DHL Express",
        "DHL 国际快递",
        "https://www.dhl.com/track?id={number}",
        r"[A-Z0-9]{8,20}",
    ),
    ("fedex", "FedEx", "联邦快递", "https://www.fedex.com/track?n={number}", r"\d{10,20}"),
    ("zto", "ZTO Express", "中通快递", "", ""),
)
MODELS = (
    ("VolcMiner D1", DeviceType.MACHINE),
    ("VolcMiner D1 Mini Pre", DeviceType.MACHINE),
    ("VolcMiner D1 16.2G", DeviceType.MACHINE),
    ("D1 hash board", DeviceType.HASH_BOARD),
    ("D1 control board", DeviceType.CONTROL_BOARD),
    ("APW 2400 power supply", DeviceType.PSU),
)


@dataclass(frozen=True)
class Shops:
    kunshan: RepairShop
    leipzig: RepairShop


def make_goods() -> None:
    for code, en, zh, page, pattern in CARRIERS:
        Carrier.objects.create(
            code=code, name_en=en, name_zh=zh, tracking_url=page, pattern=pattern
        )
    brand = Brand.objects.create(name="VolcMiner")
    for name, kind in MODELS:
        ProductModel.objects.create(brand=brand, name=name, device_type=kind)


def make_devices(customers: list[int]) -> None:
    """Twenty for the second customer, the others for the first; a few are out of warranty."""
    models = list(ProductModel.objects.filter(device_type=DeviceType.MACHINE).order_by("pk"))
    today = warranty_day()
    devices = []
    for n in range(1, 131):
        days = -90 if n in OUT_OF_WARRANTY else 40 + 5 * (n % 80)
        devices.append(
            Device(
                sn=f"1H214150900{n:02d}",
                model=models[n % len(models)],
                shipped_on=today - timedelta(days=365 - days),
                warranty_until=today + timedelta(days=days),
                customer_id=customers[1] if 60 < n <= 80 else customers[0],
            )
        )
    Device.objects.bulk_create(devices)
    Device.objects.filter(sn=MANUAL_SN).update(
        model=ProductModel.objects.get(name="VolcMiner D1 Mini Pre")
    )


def make_shops() -> Shops:
    kunshan = RepairShop.objects.create(
        code="kunshan",
        name_en="China-Mainland service center",
        name_zh="中国大陆服务中心",
        region_en="Mainland China",
        region_zh="中国大陆",
        address_en="3rd Floor, Bldg 5, No. 148, Kangzhuang Road\n"
        "Zhouzhi Town, Kunshan City, Jiangsu Province",
        address_zh="江苏省昆山市周市镇康庄路148号5栋3楼",
        phone="+86 512 5500 1480",
        email="kunshan@demo.test",
        wechat="volc-kunshan",
        calendar=_calendar("Kunshan", "Asia/Shanghai", "CN"),
    )
    leipzig = RepairShop.objects.create(
        code="leipzig",
        name_en="Europe service point",
        name_zh="欧洲服务点",
        region_en="Europe",
        region_zh="欧洲",
        address_en="Torgauer Straße 233\n04347 Leipzig, Germany",
        address_zh="德国莱比锡 04347 Torgauer Straße 233",
        phone="+49 341 5500 233",
        email="leipzig@demo.test",
        calendar=_calendar("Leipzig", "Europe/Berlin", "DE"),
    )
    _third_party(
        "hashworks",
        "HashWorks Repair",
        "哈希工坊",
        "Mainland China",
        "中国大陆",
        "Shenzhen, Guangdong",
    )
    _third_party("nordic", "Nordic Miner Clinic", "北欧矿机诊所", "Europe", "欧洲", "Umeå, Sweden")
    _third_party(
        "lonestar", "Lone Star ASIC Service", "孤星维修", "North America", "北美", "Austin, Texas"
    )
    return Shops(kunshan, leipzig)


def _calendar(name: str, zone: str, country: str) -> Calendar:
    return Calendar.objects.create(
        name=name,
        zone=zone,
        country=country,
        opens=time(9),
        closes=time(18),
        break_from=time(12),
        break_until=time(13),
    )


def _third_party(code: str, en: str, zh: str, region_en: str, region_zh: str, place: str) -> None:
    RepairShop.objects.create(
        code=code,
        kind=RepairShop.Kind.THIRD_PARTY,
        name_en=en,
        name_zh=zh,
        region_en=region_en,
        region_zh=region_zh,
        address_en=place,
        phone="+00 555 0100",
        email=f"{code}@demo.test",
        website=f"https://{code}.example",
    )
