import django.db.models.deletion
from django.db import migrations, models


FILL = """
ALTER TABLE delivery_delivery SET (fillfactor = 50);
ALTER TABLE delivery_chunk SET (fillfactor = 50);
"""
"""The outcome of a message is written into the page that holds its row: a heap-only update touches no index."""
UNFILL = "ALTER TABLE delivery_delivery RESET (fillfactor)"
WAIT_BY_THEMSELVES = """
UPDATE delivery_delivery SET state = 'queued', lane = NULL, next_attempt_at = now() WHERE state IN ('queued', 'claimed')
"""
"""Rows of runs that are on their way lie in no chunk yet."""


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0002_initial'),
        ('delivery', '0002_initial'),
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain_group', models.CharField(max_length=16)),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('mark', models.BigIntegerField()),
                ('size', models.PositiveIntegerField()),
                ('taken', models.PositiveIntegerField(default=0)),
                ('lane', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_waiting',
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_in_hand',
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_by_state',
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_of_contact',
        ),
        migrations.AlterField(
            model_name='delivery',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='delivery.run'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('queued', 'Waiting'), ('sending', 'Being handed over'), ('deferred', 'To be tried again'), ('sent', 'Sent'), ('skipped', 'Left out'), ('failed', 'Failed'), ('unknown', 'Not known')], default='queued', max_length=8),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['run', 'id'], name='delivery_of_run'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['run', 'next_attempt_at'], name='delivery_again'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('lane__isnull', False)), fields=['lane'], name='delivery_in_hand'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('reason', ''), _negated=True), fields=['run', 'reason', 'id'], name='delivery_by_reason'),
        ),
        migrations.AddField(
            model_name='chunk',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='delivery.run'),
        ),
        migrations.AddIndex(
            model_name='chunk',
            index=models.Index(condition=models.Q(('lane__isnull', False)), fields=['lane'], name='chunk_in_hand'),
        ),
        migrations.RunSQL(FILL, UNFILL),
        migrations.RunSQL(WAIT_BY_THEMSELVES, migrations.RunSQL.noop),
    ]
