"""The master data that the forms of repair orders offer."""

from __future__ import annotations

from core.choices import Known
from devices.models import ProductModel
from logistics.models import Carrier
from repairshops.models import RepairShop

CARRIERS = Known("carriers", lambda: Carrier.objects.filter(active=True))
MODELS = Known("models", lambda: ProductModel.objects.filter(active=True))
OFFICIAL_SHOPS = Known("official-shops", lambda: RepairShop.objects.official())


def shops_serving(model: ProductModel | None) -> Known:
    """Official shops that repair the model; all of them for a device of no known model."""
    key = f"official-shops:{model.pk}" if model else OFFICIAL_SHOPS.name
    return Known(key, lambda: RepairShop.objects.official().serving(model))
