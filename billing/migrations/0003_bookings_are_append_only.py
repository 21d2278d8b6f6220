from django.db import migrations

from history.append_only import protect, release


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_prices_invoices_payments")]

    operations = [
        migrations.RunPython(
            lambda _apps, editor: protect(editor.connection, "billing_booking"),
            lambda _apps, editor: release(editor.connection, "billing_booking"),
        )
    ]
