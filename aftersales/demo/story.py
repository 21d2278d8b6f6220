"""What happened before you came: enquiries and repair orders in every state."""

from __future__ import annotations

import io
from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from accounts.models import Customer, User
from aftersales.demo.clock import ago
from aftersales.demo.goods import MANUAL_SN, Shops
from aftersales.demo.people import People
from attachments.models import Attachment
from attachments.services import store
from logistics.models import Address, Carrier
from workorders.models import Channel, Counselling, Message, RepairOrder, Unit
from workorders.services import bench, desk, receiving, returns
from workorders.services.counselling import open_counselling, withdraw
from workorders.services.drafts import Shipping, save_draft
from workorders.services.intake import Intake, open_for
from workorders.services.orders import cancel_order, complete_order, submit_order
from workorders.services.serials import add_units
from workorders.services.threads import post_message

MANUAL_CODE = "E60000H"  # the code of the customer manual

LOG = """[2026-11-19 08:11:52] boot: firmware 1.4.1, model D1 Mini Pre
[2026-11-19 08:12:10] fan: fan 1 at 5380 rpm, set point 5400
[2026-11-19 08:12:10] fan: fan 2 at 1180 rpm, set point 5400
[2026-11-19 08:16:02] temperature: board 1 at 87 C, limit 85 C
[2026-11-19 08:16:03] power: shutting down hash boards
"""


class Story:
    """Tells the demo's past, one chapter per state."""

    def __init__(self, people: People, shops: Shops) -> None:
        self.people, self.shops = people, shops
        self.sf, self.dhl = Carrier.objects.get(code="sf"), Carrier.objects.get(code="dhl")
        self.waybills = 0

    def tell(self) -> None:
        self.conversations()
        self.drafts()
        self.on_the_way()
        self.at_the_bench()
        self.finished()

    # ------------------------------------------------------------------ enquiries
    def conversations(self) -> None:
        p = self.people
        with ago(hours=13):
            self.ask(p.customer2, 61, "更新到 1.4.2 之后算力为零，三块算力板都不见了。")
        with ago(hours=11, minutes=20):
            c = self.ask(p.customer, 5, "The power supply trips the breaker. Which fuse fits?")
            desk.take(c, actor=p.agent)
        with ago(minutes=40):
            self.ask(
                p.colleague, 6, "Board 2 disappears after ten minutes.", [self.log(p.colleague)]
            )
        with ago(hours=20):
            c = self.ask(p.customer, 7, "The second fan is louder than the first.")
        with ago(hours=19):
            self.answer(c, "Please send a photo of the fan and the log of one boot.")
        with ago(days=3):
            c = self.ask(p.customer, 8, "How do I read the error code E-31?")
        with ago(days=3, hours=-2):
            self.answer(c, "E-31 is a lost network cable. Plug it in again and restart.")
        with ago(days=2):
            desk.resolve(c, actor=p.agent, message="Happy mining!")
        with ago(hours=5):
            post_message(c.thread, actor=p.customer, text="It is back. Do you have another idea?")
        with ago(days=6):
            c = self.ask(p.customer, 9, "Never mind, the switch was off.")
            withdraw(c, actor=p.customer)
        with ago(hours=2):
            open_for(
                p.customer2.customer or Customer(),
                actor=p.agent2,
                intake=Intake(
                    text="电话：机器到货时外壳变形，客户询问如何寄修。",
                    sn="1H21415090062",
                    channel=Channel.PHONE,
                ),
            )

    # ------------------------------------------------------------------ repair orders
    def drafts(self) -> None:
        p = self.people
        with ago(days=2):
            c = self.ask(
                p.customer,
                int(MANUAL_SN[-2:]),
                "Fans are turning, but there is no force behind the air. "
                "The miner stops after about 4 minutes with a temperature warning.",
                [self.photo(p.customer), self.log(p.customer)],
                subject="Fans spin without force",
            )
        with ago(days=2, hours=-2):
            self.answer(
                c, "Thank you, the log helps: fan 2 at 1 180 rpm with a set point of 5 400."
            )
            note = "Same fault as last week, batch 1509: look at the fan driver first."
            post_message(c.thread, actor=p.agent2, text=note, internal=True)
        with ago(days=1):
            order = self.convert(c)
        self.rename(order, MANUAL_CODE)

    def on_the_way(self) -> None:
        with ago(days=3):
            order = self.repair_order(self.people.customer, [10, 11, 12], "All three lose board 1.")
            self.submit(order)
        with ago(days=2):
            order = self.repair_order(self.people.customer2, [63], "电源不启动。")
            self.submit(order)
        with ago(days=9):
            order = self.repair_order(self.people.customer, [13], "It smells burnt.")
            self.submit(order)
        with ago(days=8):
            cancel_order(order, actor=self.people.customer, note="We repair it ourselves.")
        with ago(hours=4):
            bench.record_parcel(
                self.shops.kunshan,
                actor=self.people.engineer,
                carrier=self.sf,
                waybill="SF900900901",
                note="No slip inside, one machine, label torn.",
                sns=["1H21415090077"],
            )

    def at_the_bench(self) -> None:
        p = self.people
        with ago(days=4):
            sns = [14, 15, 16, 17, 19, 20]
            order = self.repair_order(
                p.customer, sns, "Six machines, low hash rate after the update."
            )
            self.submit(order)
        with ago(days=2):
            units = list(order.units.order_by("pk"))
            arrived = order.units.exclude(pk=units[5].pk)
            receiving.receive_units(order, arrived, actor=p.engineer)
            receiving.mark_missing(order, order.units.filter(pk=units[5].pk), actor=p.engineer)
            receiving.record_damage(
                order,
                actor=p.engineer,
                description="Corner of the box pushed in, case bent.",
                sn=units[4].sn,
                files=[self.photo(p.engineer, "bent corner")],
            )
        with ago(days=1):
            self.work(units[0], "start_diagnosis")
            self.work(
                units[1],
                "start_diagnosis",
                finding="Board 1: regulator U14 dead.",
                faults=["hash_board", "regulator"],
            )
            self.work(units[1], "start_repair")
            self.work(
                units[2], "start_diagnosis", finding="EEPROM of board 0 empty.", faults=["eeprom"]
            )
            self.work(units[2], "start_test", done="EEPROM written anew.")
            self.work(units[3], "start_diagnosis", finding="Signs of water on all boards.")
            self.work(units[3], "ask_customer")
        with ago(hours=20):
            bench.add_note(
                units[1], actor=p.engineer, text="Regulator ordered for today.", public=False
            )

    def finished(self) -> None:
        p = self.people
        with ago(days=6):
            order = self.repair_order(p.customer, [21, 22], "Both restart every hour.")
            self.submit(order)
        with ago(days=4):
            self.repair(order, "Loose cable at the control board.", "Cable replaced.")
        with ago(days=8):
            order = self.repair_order(p.customer, [23, 24, 25], "Three machines with dead fans.")
            self.submit(order)
        with ago(days=6):
            self.repair(order, "Fan driver broken.", "Fan driver replaced.")
        with ago(days=5):
            self.send_back(order, order.units.filter(sn="1H21415090023"))
        with ago(days=12):
            order = self.repair_order(p.customer, [27], "It does not start.")
            self.submit(order)
        with ago(days=10):
            self.repair(order, "Power supply dead.", "Power supply replaced.")
        with ago(days=9):
            self.send_back(order, order.units.all())
        with ago(days=30):
            order = self.repair_order(p.customer, [28], "Noise from the left fan.")
            self.submit(order)
        with ago(days=28):
            self.repair(order, "Bearing worn.", "Fan replaced.")
        with ago(days=27):
            self.send_back(order, order.units.all())
        with ago(days=22):
            complete_order(RepairOrder.objects.get(pk=order.pk), actor=p.customer)

    # ------------------------------------------------------------------ verbs
    def ask(
        self,
        who: User,
        number: int,
        text: str,
        files: Sequence[Attachment] = (),
        subject: str = "",
    ) -> Counselling:
        return open_counselling(
            who.customer or Customer(),
            actor=who,
            sn=f"1H214150900{number:02d}",
            text=text,
            files=files,
            subject=subject,
        )

    def answer(self, counselling: Counselling, text: str) -> None:
        fresh = Counselling.objects.get(pk=counselling.pk)
        if fresh.assignee_id is None:
            desk.take(fresh, actor=self.people.agent)
        post_message(fresh.thread, actor=self.people.agent, text=text)

    def convert(self, counselling: Counselling) -> RepairOrder:
        order: RepairOrder = desk.convert(
            Counselling.objects.get(pk=counselling.pk),
            actor=self.people.agent,
            message="The device needs a repair, covered by the warranty. Your code is {code}.",
            service_note="Check the fan driver on the control board first.",
            shop=self.shops.kunshan,
        )
        return order

    def repair_order(self, who: User, numbers: list[int], text: str) -> RepairOrder:
        counselling = self.ask(who, numbers[0], text)
        self.answer(counselling, "This needs the bench. We turn it into a repair order.")
        order = self.convert(counselling)
        if len(numbers) > 1:
            sns = [f"1H214150900{n:02d}" for n in numbers[1:]]
            add_units(order, sns, actor=who, take=("in", "out"))
        fresh: RepairOrder = RepairOrder.objects.get(pk=order.pk)
        return fresh

    def submit(self, order: RepairOrder) -> None:
        self.waybills += 1
        fresh = RepairOrder.objects.get(pk=order.pk)
        who = fresh.counselling.opened_by if fresh.counselling else self.people.customer
        shipping = Shipping(
            carrier=self.sf,
            waybill=f"SF{123455 + self.waybills}",
            return_to=Address.objects.filter(customer=fresh.customer).first(),
            return_carrier=self.dhl,
            shop=self.shops.kunshan,
        )
        saved = save_draft(fresh, version=fresh.version, actor=who, shipping=shipping)
        submit_order(saved, actor=who)

    def work(
        self,
        unit: Unit,
        step: str,
        *,
        finding: str = "",
        done: str = "",
        faults: Sequence[str] = (),
    ) -> None:
        """Write down what is known where the step asks for it, then take the step."""
        engineer = self.people.engineer
        fresh = Unit.objects.get(pk=unit.pk)
        if step == "start_diagnosis":
            fresh = bench.take_step(fresh, step, actor=engineer)
        if finding or done:
            fresh = Unit.objects.get(pk=unit.pk)
            bench.save_report(
                fresh,
                version=fresh.version,
                actor=engineer,
                faults=faults or fresh.faults,
                finding=finding or fresh.finding,
                work_done=done or fresh.work_done,
            )
        if step != "start_diagnosis":
            bench.take_step(Unit.objects.get(pk=unit.pk), step, actor=engineer)

    def repair(self, order: RepairOrder, finding: str, done: str) -> None:
        order = RepairOrder.objects.get(pk=order.pk)
        receiving.receive_units(order, order.units.all(), actor=self.people.engineer)
        for unit in order.units.order_by("pk"):
            self.work(unit, "start_diagnosis", finding=finding)
            self.work(unit, "start_repair")
            self.work(unit, "start_test", done=done)
            self.work(unit, "pass_test")

    def send_back(self, order: RepairOrder, units: object) -> None:
        self.waybills += 1
        returns.ship_back(
            RepairOrder.objects.get(pk=order.pk),
            units,  # type: ignore[arg-type]
            actor=self.people.engineer,
            carrier=self.dhl,
            waybill=f"JD0146000{self.waybills:04d}",
        )

    def rename(self, order: RepairOrder, code: str) -> None:
        Counselling.objects.filter(pk=order.counselling_id).update(code=code)
        RepairOrder.objects.filter(pk=order.pk).update(code=code)
        for message in Message.objects.filter(thread=order.thread_id, text__contains=order.code):
            text = message.text.replace(order.code, code)
            Message.objects.filter(pk=message.pk).update(text=text)

    # ------------------------------------------------------------------ files
    def photo(self, who: User, words: str = "fan 2") -> Attachment:
        picture = Image.new("RGB", (960, 640), "#2b3340")
        draw = ImageDraw.Draw(picture)
        for x in (330, 630):
            draw.ellipse((x - 130, 190, x + 130, 450), outline="#e1925a", width=14)
            draw.ellipse((x - 26, 294, x + 26, 346), fill="#e1925a")
        draw.text((40, 40), words, fill="#ffffff", font_size=36)
        raw = io.BytesIO()
        picture.save(raw, "JPEG", quality=85)
        name = f"{words.replace(' ', '-')}.jpg"
        return store(SimpleUploadedFile(name, raw.getvalue(), "image/jpeg"), actor=who)

    def log(self, who: User) -> Attachment:
        return store(SimpleUploadedFile("boot.log", LOG.encode() * 20, "text/plain"), actor=who)
