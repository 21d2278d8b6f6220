from django.db import migrations

from history.append_only import protect, release


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda _apps, editor: protect(editor.connection, "history_entry"),
            lambda _apps, editor: release(editor.connection, "history_entry"),
        )
    ]
