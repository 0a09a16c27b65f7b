from typing import Any

from django.db.models import UniqueConstraint
from django.db.models.functions import Lower


class CaseInsensitiveUniqueConstraint(UniqueConstraint):
    """Fields that are unique without regard to case, by an index over them in lower case.

    Django's check of `USERNAME_FIELD` looks for a constraint with `fields`, and a form shows its
    error at the field; a constraint with expressions has neither.
    """

    @property
    def index(self) -> UniqueConstraint:
        """What the database has."""
        return UniqueConstraint(
            *map(Lower, self.fields),
            name=self.name,
            violation_error_code=self.violation_error_code,
            violation_error_message=self.violation_error_message,
        )

    def constraint_sql(self, *args: Any) -> Any:
        return self.index.constraint_sql(*args)

    def create_sql(self, *args: Any) -> Any:
        return self.index.create_sql(*args)

    def remove_sql(self, *args: Any) -> Any:
        return self.index.remove_sql(*args)

    def validate(self, *args: Any, **options: Any) -> None:
        self.index.validate(*args, **options)
