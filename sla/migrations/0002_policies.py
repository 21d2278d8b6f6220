from django.db import migrations

DEFAULTS = [
    ("first_response", 12 * 60, "minutes"),
    ("next_response", 12 * 60, "minutes"),
    ("repair", 5, "working_days"),
]


def add(apps, editor):
    policy = apps.get_model("sla", "Policy")
    for kind, amount, unit in DEFAULTS:
        policy.objects.get_or_create(kind=kind, defaults={"amount": amount, "unit": unit})


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
