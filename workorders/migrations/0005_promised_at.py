"""What was promised for each device stands on its row, also once its clock is stopped."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_promises(apps, _schema_editor):
    """From the newest repair clock of each; one statement."""
    ContentType = apps.get_model('contenttypes', 'ContentType')
    kind = ContentType.objects.filter(app_label='workorders', model='unit').first()
    if kind is None:  # an empty database: nothing was promised
        return
    clocks = apps.get_model('sla', 'Clock').objects.filter(
        content_type=kind.pk, kind='repair', object_id=OuterRef('pk')
    )
    newest = Subquery(clocks.order_by('-pk').values('due_at')[:1])
    apps.get_model('workorders', 'Unit').objects.update(promised_at=newest)


class Migration(migrations.Migration):

    dependencies = [
        ('workorders', '0004_saved_views_of_several_lists'),
        ('sla', '0002_policies'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='unit',
            name='promised_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(copy_promises, migrations.RunPython.noop),
    ]
