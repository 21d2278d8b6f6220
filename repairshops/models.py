"""Repair shops, official and third-party, and the people who work in them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import WORKSHOP, Role
from devices.models import ProductModel, localised
from sla.models import Calendar


class RepairShopQuerySet(models.QuerySet["RepairShop"]):
    def visible_to(self, user: Any) -> RepairShopQuerySet:
        """Workshop people see their own shops, everybody else all active ones (R24)."""
        if user.role in WORKSHOP:
            return self.filter(memberships__user=user)
        if user.role == Role.ADMIN:
            return self
        return self.filter(active=True)

    def official(self) -> RepairShopQuerySet:
        """The maintenance points a repair order may be sent to."""
        return self.filter(kind=RepairShop.Kind.OFFICIAL, active=True)

    def third_party(self) -> RepairShopQuerySet:
        """Shops for repairs at one's own cost (R9)."""
        return self.filter(kind=RepairShop.Kind.THIRD_PARTY, active=True)

    def serving(self, model: ProductModel | None) -> RepairShopQuerySet:
        """Shops that serve the model; a shop that names no model serves all."""
        if model is None:
            return self
        return self.filter(Q(models_served=model) | Q(models_served=None)).distinct()

    def for_list(self) -> RepairShopQuerySet:
        """With what a list shows: calendar and models served, two queries for any number."""
        return self.select_related("calendar").prefetch_related("models_served")


class RepairShop(models.Model):
    class Kind(models.TextChoices):
        OFFICIAL = "official", _("Official service centre")
        THIRD_PARTY = "third_party", _("Third-party repair shop")

    code = models.SlugField(_("short code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.OFFICIAL)
    name_en = models.CharField(_("name in English"), max_length=160)
    name_zh = models.CharField(_("name in Chinese"), max_length=160, blank=True)
    region_en = models.CharField(_("region in English"), max_length=80)
    region_zh = models.CharField(_("region in Chinese"), max_length=80, blank=True)
    address_en = models.TextField(_("postal address in English"))
    address_zh = models.TextField(_("postal address in Chinese"), blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.URLField(_("website"), blank=True)
    wechat = models.CharField(_("WeChat"), max_length=60, blank=True)
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("calendar"),
    )
    models_served = models.ManyToManyField(
        ProductModel, blank=True, related_name="+", verbose_name=_("models served")
    )
    active = models.BooleanField(_("active"), default=True)

    objects = RepairShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("repair shop")
        verbose_name_plural = _("repair shops")
        ordering = ["region_en", "name_en"]

    def __str__(self) -> str:
        return f"[{self.region}] {self.name}"

    @property
    def name(self) -> str:
        return localised(self.name_en, self.name_zh)

    @property
    def region(self) -> str:
        return localised(self.region_en, self.region_zh)

    @property
    def address(self) -> str:
        return localised(self.address_en, self.address_zh)


class Membership(models.Model):
    """An engineer or manager works at a shop; ending it takes effect at the next request (S10)."""

    shop = models.ForeignKey(RepairShop, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("person"),
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["shop", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.shop.code}"


def shops_of(user: User) -> models.QuerySet[Membership, Any]:
    """Sub-query of the shop keys a workshop person belongs to."""
    return Membership.objects.filter(user=user).values("shop")
