"""The list of shops as people read it: by region, with everything needed to write on a parcel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import get_language

from repairshops.hours import opening_hours
from repairshops.models import RepairShop

MODELS_SHOWN = 8


@dataclass(frozen=True)
class Listed:
    """One shop: name and address in the reader's language, and in the other for the label."""

    shop: RepairShop
    address: str
    other_name: str
    other_address: str
    other_language: str
    hours: str
    models: tuple[str, ...]
    more_models: int


@dataclass
class Region:
    """The shops of one region, in the reader's language."""

    key: str
    name: str
    shops: list[Listed] = field(default_factory=list)


def listed(shop: RepairShop) -> Listed:
    """Costs no query when calendar and models come along (`for_list`)."""
    chinese = (get_language() or "").startswith("zh")
    # The reader's own spelling first; the other one only where it is another.
    other_name = shop.name_en if chinese else shop.name_zh
    other_address = shop.address_en if chinese else shop.address_zh
    models = sorted(model.name for model in shop.models_served.all())
    return Listed(
        shop=shop,
        address=shop.address,
        other_name=other_name if other_name != shop.name else "",
        other_address=other_address if other_address != shop.address else "",
        other_language="en" if chinese else "zh-Hans",
        hours=opening_hours(shop.calendar),
        models=tuple(models[:MODELS_SHOWN]),
        more_models=max(0, len(models) - MODELS_SHOWN),
    )


def by_region(shops: Iterable[RepairShop]) -> list[Region]:
    """Regions in the order of their first shop; a region is known by its English name."""
    regions: dict[str, Region] = {}
    for shop in shops:
        region = regions.setdefault(shop.region_en, Region(shop.region_en, shop.region))
        region.shops.append(listed(shop))
    return list(regions.values())
