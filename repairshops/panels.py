"""What repair shops show on pages of lower floors: where to turn when the warranty is over."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from core.panels import panel
from devices.lookup import LookupResult
from devices.models import ProductModel, Verdict
from repairshops.directory import by_region
from repairshops.models import RepairShop

SHOWN = 6


def register() -> None:
    panel(LookupResult, "repairshops/_jump.html", place="actions", order=200)(fill_jump)
    panel(LookupResult, "repairshops/_own_cost.html", place="main", order=50)(fill_own_cost)


def _own_cost(result: LookupResult) -> bool:
    return result.verdict == Verdict.OUT and not result.paid_repair


def fill_jump(result: LookupResult, user: User) -> dict[str, Any] | None:
    """The jump link of R8: the list of third-party repair shops."""
    return {} if _own_cost(result) else None


def fill_own_cost(result: LookupResult, user: User) -> dict[str, Any] | None:
    """The first third-party shops that serve the model, with their contact data (R9)."""
    if not _own_cost(result):
        return None
    model = ProductModel.objects.filter(name=result.model_name).first()
    shops = RepairShop.objects.third_party().serving(model).for_list()
    found = list(shops[: SHOWN + 1])
    return {"regions": by_region(found[:SHOWN]), "more": len(found) > SHOWN}
