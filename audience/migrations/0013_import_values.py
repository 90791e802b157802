from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0012_small'),
    ]

    operations = [
        migrations.AddField(
            model_name='contactimport',
            name='same_values',
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
