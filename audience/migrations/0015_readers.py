
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0014_figures'),
        ('workspaces', '0003_brand'),
    ]

    operations = [
        migrations.AddField(
            model_name='anonymoussale',
            name='credit',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='preferencepage',
            name='following',
            field=models.CharField(choices=[('unless_no', 'Everybody who does not say no'), ('if_yes', 'Only those who said yes'), ('nobody', 'Nobody')], db_default='unless_no', default='unless_no', max_length=9, verbose_name='whose opens and clicks are kept with the name'),
        ),
        migrations.AddIndex(
            model_name='anonymoussale',
            index=models.Index(condition=models.Q(('credit__isnull', False)), fields=['workspace', 'credit'], name='anonymous_sales_by_credit'),
        ),
    ]
