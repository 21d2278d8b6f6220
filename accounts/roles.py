"""The seven roles; what each may reach stands in docs/roles.md."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Customer service")
    ENGINEER = "engineer", _("Repair engineer")
    SHOP_MANAGER = "shop_manager", _("Shop manager")
    FINANCE = "finance", _("Finance")
    SALES = "sales", _("Sales")
    ADMIN = "admin", _("Administrator")


STAFF = frozenset(set(Role) - {Role.CUSTOMER})
WORKSHOP = frozenset({Role.ENGINEER, Role.SHOP_MANAGER})
EVERYONE = frozenset(Role)
