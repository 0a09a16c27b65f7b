from typing import Any

from django.db.models import UniqueConstraint
from django.db.models.functions import Lower


class CaseInsensitiveUniqueConstraint(UniqueConstraint):
    """A unique constraint that ignores case, by an index on the fields in lower case.

    Django's check of `USERNAME_FIELD` looks for a constraint with `fields`, and a form shows its
    error at the field; neither works for a constraint with expressions.
    """

    @property
    def index(self) -> UniqueConstraint:
        """The constraint on expressions that the database has instead."""
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
