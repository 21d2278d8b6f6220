from django.db import migrations

from history.append_only import protect, release


class Migration(migrations.Migration):
    dependencies = [("parts", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda _apps, editor: protect(editor.connection, "parts_movement"),
            lambda _apps, editor: release(editor.connection, "parts_movement"),
        )
    ]
