import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0013_import_values'),
        ('workspaces', '0003_brand'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.SlugField(max_length=40)),
                ('numbers', models.JSONField(default=dict)),
                ('counted_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'kind'), name='figures_of_a_kind_once')],
            },
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('suppression', ''), _negated=True), fields=['workspace', 'suppression', 'created_at', 'id'], name='contact_suppressed'),
        ),
    ]
