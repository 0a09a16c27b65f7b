"""The physical schema of a database, in a form that can be compared."""

import re
from typing import Any

from .databases import Database

TABLES = (
    "article_tags",
    "articles",
    "comments",
    "event_counter",
    "events",
    "favorites",
    "follows",
    "tags",
    "users",
)

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, l.collname
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relname = ANY (?) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY 1, 2
"""
# Names of foreign keys are left out, and NOT NULL is compared with the columns.
CONSTRAINTS = """
    SELECT c.relname, k.contype, CASE WHEN k.contype = 'f' THEN '' ELSE k.conname END,
           pg_get_constraintdef(k.oid)
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relname = ANY (?) AND k.contype <> 'n'
    ORDER BY 1, 2, 3, 4
"""
INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY (?) ORDER BY 1, 2
"""

Catalog = dict[str, Any]


def read_catalog(database: Database) -> Catalog:
    """The shared tables' columns, constraints and indexes."""
    return _of_postgres(database) if database.is_postgres else _of_sqlite(database)


def _of_postgres(database: Database) -> Catalog:
    names = list(TABLES)
    return {
        "columns": database.rows(COLUMNS, names),
        "constraints": database.rows(CONSTRAINTS, names),
        "indexes": database.rows(INDEXES, names),
    }


def _of_sqlite(database: Database) -> Catalog:
    return {table: _sqlite_table(database, table) for table in TABLES}


def _sqlite_table(database: Database, table: str) -> dict[str, Any]:
    [(text,)] = database.rows("SELECT sql FROM sqlite_schema WHERE name = ?", table)
    columns = database.rows(
        'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', table
    )
    return {
        "columns": sorted(
            (name, affinity(type_), null, _value(database, default), key, hidden)
            for name, type_, null, default, key, hidden in columns
        ),
        "foreign keys": sorted(
            database.rows(
                'SELECT "from", "table", "to", on_update, on_delete '
                "FROM pragma_foreign_key_list(?)",
                table,
            )
        ),
        "indexes": sorted(_sqlite_indexes(database, table)),
        # The pragmas return neither checks nor the names of constraints.
        "constraints": sorted(
            (name, kind.upper())
            for name, kind in re.findall(r'CONSTRAINT\s+"?(\w+)"?\s+(CHECK|UNIQUE)', text, re.I)
        ),
        "autoincrement": "AUTOINCREMENT" in text.upper(),
    }


def _sqlite_indexes(database: Database, table: str) -> list[tuple[Any, ...]]:
    found = []
    for name, unique, origin, partial in database.rows(
        'SELECT name, "unique", origin, partial FROM pragma_index_list(?)', table
    ):
        columns = database.rows(
            'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key = 1', name
        )
        [(text,)] = database.rows("SELECT sql FROM sqlite_schema WHERE name = ?", name)
        # SQLite gives an index that comes from a constraint a numbered name.
        named = name if origin == "c" else ""
        found.append((named, unique, origin, partial, str(columns), _plain(text)))
    return found


def affinity(type_: str) -> str:
    """The affinity of a column type, by SQLite's five rules."""
    type_ = type_.upper()
    if "INT" in type_:
        return "INTEGER"
    if any(word in type_ for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in type_ or not type_:
        return "BLOB"
    if any(word in type_ for word in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def _value(database: Database, default: str | None) -> str:
    """The value of a default, because `1`, `(1)` and `true` are the same."""
    return "none" if default is None else repr(database.rows(f"SELECT {default}"))


def _plain(text: str | None) -> str:
    """An index's statement without quotes, extra white space and double brackets."""
    text = re.sub(r'["`]', "", (text or "").lower())
    text = re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.split()))
    return re.sub(r"([()])\1+", r"\1", text)
