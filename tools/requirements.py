"""Which test proves which row of the requirements: docs/requirements.md from the tests' marks.

A test says `@pytest.mark.row("R7", "E10")`. The rows are those of the source documents (R) and the
rulings where the documents are silent or disagree (E), wishes from elsewhere (D).

    tools/requirements.py [--check]
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "requirements.md"
FOLDERS = ("tests", "*/tests", "tests/browser")

ROWS = {
    "R1": "A visitor who is not signed in is sent to the sign-in page.",
    "R2": "Whoever is signed in lands on “Initiate work order”.",
    "R3": "Sign-in: e-mail, password with show and hide, remember, forgot, register, bot check.",
    "R4": "The account menu signs out; that leads back to the sign-in page.",
    "R5": "Menu: Initiate work order, Self-service repair, My work orders, Repair shops, manual.",
    "R6": "A serial number shows product and end of warranty.",
    "R7": "In warranty: a counselling order can be created.",
    "R8": "Out of warranty: no button, a notice that repair is at own cost, a link.",
    "R9": "The link shows third-party shops with contact data.",
    "R10": "An unknown serial number says so; no order.",
    "R11": "The customer describes the problem in words.",
    "R12": "At most three files per message: jpg, png, mp4, miner log; others are refused.",
    "R13": "The thread shows author, role and files that open.",
    "R14": "Both sides write as often as they want in one thread.",
    "R15": "The thread refreshes by itself.",
    "R16": "Customer service converts an enquiry into a repair order.",
    "R17": "Conversion finishes the enquiry.",
    "R18": "Conversion gives a unique first visit code.",
    "R19": "My work orders: number, code, device, serial number, end of warranty, status.",
    "R20": "The number opens the thread; one may write after Finished.",
    "R21": "Until submission a reminder pops up that can be closed.",
    "R22": "The code opens the repair form with the code filled in.",
    "R23": "A device needs type, model, serial number and maintenance point; remark optional.",
    "R24": "Maintenance points show region, name and full postal address.",
    "R25": "Devices of a draft are listed, edited and deleted.",
    "R26": "One order takes several devices.",
    "R27": "Needed: carrier, waybill number, return address, preferred return carrier.",
    "R28": "Submission leads to “Waiting for receipt”.",
    "R29": "The order goes to the chosen shop; only its people work on it.",
    "R30": "Later the code shows details and progress, read-only.",
    "R31": "A parcel that came without an order is recognised.",
    "R32": "Return carrier and number appear in the customer's list; status Returned.",
    "R33": "The engineer moves the repair on; the customer follows.",
    "R34": "The portal speaks English and Chinese.",
    "R62": "A repair order is the hub: Summary, Miners, Logistics, Billing, Messages.",
    "R63": "The customer sees the progress of the Summary.",
    "R64": "Goods in, inventory, repair, container out, invoice, payment, shipment, complete.",
    "R65": "Inventory on opening a container: model, serial number, MAC, asset tag per unit.",
    "R66": "Shipping damage is recorded with photos.",
    "R67": "Work follows the scope of the repair request.",
    "R68": "The list of orders spans customers, filters, and leaves as CSV.",
    "R69": "Progress charts and a table of units; a segment of a chart filters the table.",
    "R70": "Changing a status in the table refreshes the charts.",
    "R71": "Icons of a unit: boxed, shipped, delivered.",
    "R72": "Nothing picked: status update and complete services, for all that the filter shows.",
    "R73": "One or more picked: also outbound container and move to another order.",
    "R74": "Two or three picked: also consolidation.",
    "R75": "Miners: serial number and model edited in place; a row opens the repair page.",
    "R76": "Logistics: inbound and outbound, containers by shipment, links to both.",
    "R77": "Containers without a shipment are ticked and assigned to one.",
    "R78": "An invoice per container, only when it is ready for billing.",
    "R79": "Invoice: change of status, regenerate, CSV, delete.",
    "R80": "Nothing leaves before invoice and payment.",
    "R81": "An order is complete only when every unit is settled.",
    "R82": "Messages with the customer, with a refresh control.",
    "R97": "Wherever money is due: account, amount, currency and reference.",
    "E1": "Two objects, one word each in both languages.",
    "E2": "Conversion opens a draft; submission has its conditions.",
    "E3": "One state “Waiting for receipt” (待收件).",
    "E4": "One status column: the repair's once submitted, else the enquiry's.",
    "E5": "Finished stays finished when the customer writes; a flag asks for an answer.",
    "E6": "The order's status follows its units; partial returns are counted.",
    "E7": "Complete only when every unit is settled.",
    "E8": "One shop per order; another shop splits it; several waybills.",
    "E9": "More devices under one code, each checked, the uncovered flagged.",
    "E10": "Out of warranty per brand; the verdict is of the day of opening; override with reason.",
    "E11": "A look-up never tells the owner; limited; a number in an open order is refused.",
    "E12": "Unidentified parcels are recorded and matched later.",
    "E20": "Free work leaves without an invoice to pay, the gate stays the same.",
    "E24": "Drafts are made anew or deleted; what was issued is void, no number twice.",
    "E25": "A bulk action on nothing picked says the count and asks.",
    "E26": "Every part move keeps the serial number it came from.",
    "E27": "Limits are per message and said beforehand.",
    "E28": "Short polling; no draft is lost.",
    "E30": "Everything in the language of its reader.",
    "E31": "A container belongs to one order; moving a unit takes it out.",
    "E32": "Seven roles; a colleague is a second login of one customer.",
    "D3": "Serial-first bulk work: lists and scans with a verdict each.",
    "D4": "A record per serial number; old and new serial are kept.",
    "D5": "Repair with parts, outcome and return in few clicks.",
    "D6": "Partial shipments with tracking where the customer looks.",
    "D9": "A quote is accepted or declined by link, line by line.",
    "D12": "Labels for devices and containers.",
    "D14": "Quiet notifications: one mail per person.",
}
# What a row still lacks.
LACKS: dict[str, str] = {}


def tests() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every test function of the house."""
    for path in sorted({p for folder in FOLDERS for p in ROOT.glob(f"{folder}/test_*.py")}):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, node


def rows_of(test: ast.FunctionDef) -> Iterator[str]:
    """What its marks name."""
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row":
            for argument in mark.args:
                yield str(ast.literal_eval(argument))


def proofs() -> dict[str, list[str]]:
    """Row → tests, as file::name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, test in tests():
        for row in rows_of(test):
            found[row].append(f"{path.relative_to(ROOT)}::{test.name}")
    return found


def place(row: str) -> tuple[int, int]:
    return "RED".index(row[0]), int(row[1:])


def page() -> str:
    """The whole of docs/requirements.md."""
    found = proofs()
    lines = [
        "# Requirements and their tests",
        "",
        "Written by `make requirements` from the marks of the tests; do not edit. R: rows of the",
        "source documents (the customer manual, the repair centre). E: rulings where the documents",
        "are silent or disagree. D: what users of neighbouring products keep asking for.",
        "",
        "| row | asks | proved by |",
        "|---|---|---|",
    ]
    for row in sorted(ROWS, key=place):
        told = [f"`{name}`" for name in found.get(row, [])] or ["—"]
        if row in LACKS:
            told.append(f"lacks {LACKS[row]}")
        lines.append(f"| {row} | {ROWS[row]} | {'<br>'.join(told)} |")
    return "\n".join(lines) + "\n"


def complaints() -> list[str]:
    """Rows without a test, marks that name no row, a page that is not fresh."""
    found = proofs()
    said = [f"{row}: no test proves it" for row in ROWS if not found.get(row)]
    said += [f"{row}: no such row ({tests[0]})" for row, tests in found.items() if row not in ROWS]
    if not PAGE.exists() or PAGE.read_text() != page():
        said.append("docs/requirements.md is not fresh: make requirements")
    return said


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    said = complaints()
    print("\n".join(said) or f"{len(ROWS)} rows, each with a test")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
