"""Column types and foreign keys for PostgreSQL and SQLite."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, Integer, MetaData
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

# SQLite generates keys only for a column whose type is exactly INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time; SQLite stores no time zone, so it is removed and added again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time needs a time zone")
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    # SQLAlchemy's own type would lose the time zone.
    type_annotation_map: ClassVar = {datetime: UTCDateTime}
    # Migrations need a name for each constraint; these are PostgreSQL's. A convention replaces all
    # of SQLAlchemy's, so it has to repeat the one for indexes.
    metadata = MetaData(
        naming_convention={
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ix": "ix_%(column_0_label)s",
        }
    )


class json_list(FunctionElement[Any]):
    """The values of a group as one list: an aggregate whose name differs by database."""

    type = JSON()
    inherit_cache = True


@compiles(json_list, "postgresql")
def compile_for_postgresql(element: json_list, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})"


@compiles(json_list, "sqlite")
def compile_for_sqlite(element: json_list, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


def cascade(column: str) -> ForeignKey:
    """A foreign key with ON DELETE CASCADE, checked at the commit."""
    return ForeignKey(column, ondelete="CASCADE", deferrable=True, initially="DEFERRED")
