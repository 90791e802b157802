"""Columns of the board, and blockers as rows of their own instead of two fields of a story."""

from typing import Any

import django.db.models.constraints
import django.db.models.deletion
from django.db import migrations, models


def fields_to_rows(apps: Any, schema_editor: Any) -> None:
    story, blocker = apps.get_model("sprints", "Story"), apps.get_model("sprints", "Blocker")
    blocker.objects.bulk_create(
        (
            blocker(
                workspace_id=found.workspace_id,
                story=found,
                reason=found.blocked_by,
                owner_id=found.assignee_id or found.created_by_id,
                opened_by_id=found.created_by_id,
                since=found.blocked_at or found.updated_at,
            )
            for found in story.objects.exclude(blocked_by="").iterator()
        ),
        batch_size=1000,
    )
    # The fields go in this same transaction, which PostgreSQL refuses while checks of these rows wait for its end.
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def rows_to_fields(apps: Any, schema_editor: Any) -> None:
    story, blocker = apps.get_model("sprints", "Story"), apps.get_model("sprints", "Blocker")
    for found in blocker.objects.filter(resolved_at=None).iterator():
        story.objects.filter(pk=found.story_id).update(blocked_by=found.reason, blocked_at=found.since)
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('sprints', '0007_retro'),
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BoardColumn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('status', models.CharField(choices=[('todo', 'To do'), ('doing', 'In production'), ('review', 'In review'), ('done', 'Done')], max_length=10, verbose_name='state group')),
                ('position', models.PositiveSmallIntegerField()),
                ('wip_limit', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='at most so many stories')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.workspace')),
            ],
        ),
        migrations.AddField(
            model_name='story',
            name='column',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sprints.boardcolumn'),
        ),
        migrations.CreateModel(
            name='Blocker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200, verbose_name='what is in the way')),
                ('since', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.member')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.member', verbose_name='who clears it')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.member')),
                ('story', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blockers', to='sprints.story')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('resolved_at', None)), fields=('story',), name='one_open_blocker_a_story'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='blocker_says_why')],
            },
        ),
        migrations.AddConstraint(
            model_name='boardcolumn',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('workspace', 'position'), name='column_position_once'),
        ),
        migrations.AddConstraint(
            model_name='boardcolumn',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('workspace', 'name'), name='column_name_once'),
        ),
        migrations.AddConstraint(
            model_name='boardcolumn',
            constraint=models.CheckConstraint(condition=models.Q(('wip_limit', None), ('wip_limit__gte', 1), _connector='OR'), name='wip_limit_leaves_room'),
        ),
        migrations.RunPython(fields_to_rows, rows_to_fields, elidable=True),
        migrations.RemoveField(
            model_name='story',
            name='blocked_at',
        ),
        migrations.RemoveField(
            model_name='story',
            name='blocked_by',
        ),
    ]
