"""Adds validators and messages to the models; the database does not change."""

from django.db import migrations, models

from conduit.accounts import validators
from conduit.accounts.constraints import CaseInsensitiveUniqueConstraint


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_password_session")]

    operations = [
        migrations.AlterField(
            "user",
            "email",
            models.CharField(max_length=254, validators=[validators.validate_email]),
        ),
        migrations.AlterField(
            "user",
            "username",
            models.CharField(max_length=64, validators=[validators.validate_username]),
        ),
        migrations.AlterField(
            "user",
            "bio",
            models.CharField(
                blank=True, max_length=1000, null=True, validators=[validators.validate_bio]
            ),
        ),
        migrations.AlterField(
            "user",
            "image",
            models.CharField(
                blank=True, max_length=2000, null=True, validators=[validators.validate_image]
            ),
        ),
        migrations.AlterConstraint(
            "user",
            "users_email_key",
            CaseInsensitiveUniqueConstraint(
                fields=["email"],
                name="users_email_key",
                violation_error_code="unique",
                violation_error_message="has already been taken",
            ),
        ),
        migrations.AlterConstraint(
            "user",
            "users_username_key",
            CaseInsensitiveUniqueConstraint(
                fields=["username"],
                name="users_username_key",
                violation_error_code="unique",
                violation_error_message="has already been taken",
            ),
        ),
        migrations.AlterConstraint(
            "follow",
            "follows_not_oneself_check",
            models.CheckConstraint(
                condition=~models.Q(follower=models.F("followed")),
                name="follows_not_oneself_check",
                violation_error_message="Nobody follows themselves.",
            ),
        ),
    ]
