from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0016_narrow'),
        ('delivery', '0009_wishes'),
        ('workspaces', '0003_brand'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='hit',
            name='hit_of_run',
        ),
        migrations.AddIndex(
            model_name='hit',
            index=models.Index(fields=['run', 'kind', 'at'], include=('contact', 'nature', 'workspace'), name='hit_of_run'),
        ),
    ]
