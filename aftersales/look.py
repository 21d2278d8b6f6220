"""The shape of every state, by model; its tone stands in static/css/site.css (`state-…`).

s0 dashed ring: not started · s1 ring: open · s2 half: working · s3 three quarters: checking ·
s4 full with a tick: done · sx full with a cross: failed or off · sw bars: paused. Other names are
icons of static/icons.svg. Imported once, when the roof is ready.
"""

from __future__ import annotations

from core.templatetags import ui

SHAPES = {
    "counselling": {"open": "chat", "answered": "sw", "finished": "s4"},
    "repairorder": {
        "awaiting_submission": "pen",
        "pending_delivery": "truck",
        "received": "s2",
        "repaired": "s3",
        "returned": "truck",
        "completed": "s4",
        "cancelled": "sx",
    },
    "unit": {
        "expected": "s0",
        "received": "box",
        "diagnosing": "s1",
        "awaiting_customer": "sw",
        "awaiting_parts": "sw",
        "repairing": "s2",
        "testing": "s3",
        "ready": "s4",
        "unrepairable": "sx",
        "rejected": "sx",
        "scrapped": "sx",
        "replaced": "swap",
        "missing": "alert",
        "cancelled": "sx",
    },
    "shipment": {
        "created": "s0",
        "ready_to_ship": "s1",
        "in_transit": "truck",
        "delivered": "house",
    },
    "container": {
        "announced": "s0",
        "arrived": "box",
        "unpacked": "s4",
        "open": "s1",
        "sealed": "lock",
        "ready_for_billing": "card",
        "billed": "card",
        "released": "s4",
    },
    "invoice": {"draft": "pen", "issued": "card", "paid": "s4", "void": "sx"},
    "payment": {"announced": "sw", "confirmed": "s4", "rejected": "sx"},
    "quote": {
        "draft": "pen",
        "sent": "sw",
        "accepted": "s4",
        "declined": "sx",
        "expired": "clock",
        "withdrawn": "undo",
    },
    "job": {"queued": "s0", "running": "s2", "done": "s4", "failed": "sx"},
    "mail": {"waiting": "s0", "sent": "s4", "dead": "sx"},
}
ui.SHAPES.update(SHAPES)
