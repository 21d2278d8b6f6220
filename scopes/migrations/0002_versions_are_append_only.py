from django.db import migrations

from history.append_only import protect, release

TABLE = "scopes_agreementversion"


class Migration(migrations.Migration):
    dependencies = [("scopes", "0001_agreements_and_scopes")]

    operations = [
        migrations.RunPython(
            lambda _apps, editor: protect(editor.connection, TABLE),
            lambda _apps, editor: release(editor.connection, TABLE),
        )
    ]
