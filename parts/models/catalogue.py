"""What miners are made of: kinds, slots of a model, ways to fail, types that lie in stock."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.models import ProductModel, localised


class PartKind(models.TextChoices):
    HASH_BOARD = "hash_board", _("Hash board")
    CONTROL_BOARD = "control_board", _("Control board")
    PSU = "psu", _("Power supply")
    FAN = "fan", _("Fan")
    CABLE = "cable", _("Cable")
    OTHER = "other", _("Other part")


class Slot(models.Model):
    """One place of a model where a part sits, by the name that stands on the chassis."""

    model = models.ForeignKey(
        ProductModel, on_delete=models.CASCADE, related_name="+", verbose_name=_("device model")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=PartKind)
    label = models.CharField(_("label"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["model", "position", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "label"],
                name="slot_label_once_per_model",
                violation_error_message=_("The model has a slot of this name already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.label}"


class FailureType(models.Model):
    """A way in which parts of one kind fail; engineers pick it, or write other words."""

    kind = models.CharField(_("kind"), max_length=16, choices=PartKind)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("failure type")
        verbose_name_plural = _("failure types")
        ordering = ["kind", "name_en"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name_en"], name="failure_once_per_kind")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localised(self.name_en, self.name_zh)


class PartTypeQuerySet(models.QuerySet["PartType"]):
    def visible_to(self, user: Any) -> PartTypeQuerySet:
        """The catalogue is no secret among staff; customers have no page of it."""
        return self if user.is_portal_staff else self.none()

    def active(self) -> PartTypeQuerySet:
        return self.filter(active=True)

    def fitting(self, model: ProductModel | None) -> PartTypeQuerySet:
        """Types that fit the model; one that names no model fits all."""
        if model is None:
            return self
        return self.filter(Q(fits=model) | Q(fits=None)).distinct()


class PartType(models.Model):
    """What is ordered and counted under one code. Serialised ones are known one by one."""

    code = models.SlugField(_("short code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=PartKind)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    fits = models.ManyToManyField(
        ProductModel, blank=True, related_name="+", verbose_name=_("fits these models")
    )
    serialised = models.BooleanField(_("has serial numbers"), default=True)
    low_at = models.PositiveIntegerField(
        _("low at"),
        null=True,
        blank=True,
        help_text=_("A shop that has this many or fewer is told; shops may set their own number."),
    )
    active = models.BooleanField(_("active"), default=True)

    objects = PartTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("part type")
        verbose_name_plural = _("part types")
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localised(self.name_en, self.name_zh)
