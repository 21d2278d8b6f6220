"""The shape of every state's icon; their tones stand in static/css/site.css."""

from core.templatetags.ui import SHAPES

SHAPES.update(
    {
        "counselling": {"open": "chat", "answered": "sw", "finished": "s4"},
        "repairorder": {
            "awaiting_submission": "s0",
            "pending_delivery": "truck",
            "received": "s2",
            "repaired": "s3",
            "returned": "out",
            "completed": "s4",
            "cancelled": "sx",
        },
        "unit": {
            "expected": "s0",
            "received": "s1",
            "diagnosing": "s1",
            "awaiting_customer": "sw",
            "awaiting_parts": "sw",
            "repairing": "s2",
            "testing": "s3",
            "ready": "s4",
            "unrepairable": "sx",
            "rejected": "sx",
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
            "arrived": "s1",
            "unpacked": "s4",
            "open": "s1",
            "sealed": "s3",
            "released": "s4",
        },
        "job": {"queued": "s0", "running": "s2", "done": "s4", "failed": "sx"},
        "mail": {"waiting": "s1", "sent": "s4", "dead": "sx"},
    }
)
