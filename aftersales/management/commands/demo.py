from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts.models import User
from aftersales.demo.asks import tell_of_requests
from aftersales.demo.billing import make_prices, tell_of_money
from aftersales.demo.boxes import tell_of_goods
from aftersales.demo.goods import make_devices, make_goods, make_shops
from aftersales.demo.orders import make_services
from aftersales.demo.parts import tell_of_parts
from aftersales.demo.people import make_addresses, make_people
from aftersales.demo.story import Story


class Command(BaseCommand):
    help = "Fill an empty database with invented people, devices and orders in every state."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo people are for DEMO=1 only.")
        if User.objects.exists():
            raise CommandError("The database has people already; demo data would mix with them.")
        with transaction.atomic():
            make_goods()
            shops = make_shops()
            people = make_people(shops)
            make_addresses(people)
            customers = [people.customer.customer_id, people.customer2.customer_id]
            make_devices([pk for pk in customers if pk])
            make_services()
            make_prices()
            story = Story(people, shops)
            story.tell()
            for chapter in (tell_of_goods, tell_of_parts, tell_of_requests, tell_of_money):
                chapter(story)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        self.stdout.write(f"Demo logins: customer@demo.test …, password {settings.DEMO_PASSWORD}")
