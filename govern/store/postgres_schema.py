"""What a vault's schema must be on PostgreSQL, to the letter: tables, columns, keys, and nothing that runs when a row is touched.

The database's own administrator can plant triggers, rules, views, defaults, policies and functions. They are looked for in `pg_catalog`
at every opening and in every transaction, by a query that calls nothing outside it. What can't be seen from here (a changed server) can
still only destroy or withhold: every row is verified, whatever brought it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from govern.errors import Failed, IntegrityError, NotFound, Refused

SCHEMA_NAME: Final = "govern"
SEARCH_PATH: Final = f"pg_catalog, {SCHEMA_NAME}, pg_temp"
"""Named in full: a temporary table would else come first of all, and a function of the same name before the system's."""

_COLUMNS: Final = {
    "checkpoint": ("size bigint", "note bytea"),
    "entry": ("idx bigint", "compartment bytea", "epoch bytea", "commitment bytea", "sealed bytea", "personal bytea?"),
    "mailbox": ("id bytea", "kind text", "body bytea"),
    "meta": ("key text", "value bytea"),
    "version": ("digest bytea", "commitment bytea", "sealed bytea"),
    "wrap": ("target bytea", "recipient bytea", "sealed bytea"),
}
"""Column and type, `?` where it may be null."""
_KEYS: Final = {"checkpoint": "size", "entry": "idx", "mailbox": "id", "meta": "key", "version": "digest", "wrap": "target, recipient"}


def _ddl() -> Iterable[str]:
    yield f"CREATE SCHEMA {SCHEMA_NAME}"
    for table, columns in _COLUMNS.items():
        each = ", ".join(column.removesuffix("?") + ("" if column.endswith("?") else " NOT NULL") for column in columns)
        yield f"CREATE TABLE {SCHEMA_NAME}.{table} ({each}, PRIMARY KEY ({_KEYS[table]}))"
    yield f"INSERT INTO {SCHEMA_NAME}.meta (key, value) VALUES ('format', '\\x31')"  # noqa: S608


DDL: Final = tuple(_ddl())
"""The statements that make an empty store; docs/security/postgresql.md has the same for an administrator."""

SCHEMA_QUERY: Final = f"""
WITH ours AS (
  SELECT c.*, n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '{SCHEMA_NAME}'
     OR n.nspname = 'pg_catalog' AND c.relname IN ({", ".join(f"'{table}'" for table in _COLUMNS)})
), home AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = '{SCHEMA_NAME}')
SELECT 'setting', s.name, s.setting FROM pg_catalog.pg_settings s WHERE s.name IN ('search_path', 'synchronous_commit')
UNION ALL SELECT 'setting', 'usage', pg_catalog.has_schema_privilege(home.oid, 'USAGE')::pg_catalog.text FROM home
UNION ALL SELECT 'schema', '{SCHEMA_NAME}', '' FROM home
UNION ALL SELECT 'relation', pg_catalog.concat(c.nspname, '.', c.relname), pg_catalog.concat_ws(' ', c.relkind, c.relpersistence, a.amname,
    c.relrowsecurity, c.relforcerowsecurity)
  FROM ours c LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
UNION ALL SELECT 'column', pg_catalog.concat(c.relname, '.', f.attnum), pg_catalog.concat_ws(' ', f.attname, n.nspname, t.typname, f.attnotnull, f.atthasdef,
    pg_catalog.concat('-', f.attidentity), pg_catalog.concat('-', f.attgenerated), f.attisdropped)
  FROM ours c JOIN pg_catalog.pg_attribute f ON f.attrelid = c.oid AND f.attnum > 0 AND c.relkind <> 'i'
  LEFT JOIN pg_catalog.pg_type t ON t.oid = f.atttypid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
UNION ALL SELECT 'index', o.relname, pg_catalog.concat_ws(' ', i.indisunique, i.indisprimary,
    i.indimmediate, i.indisvalid, i.indisready, pg_catalog.pg_get_indexdef(i.indexrelid))
  FROM pg_catalog.pg_index i JOIN ours c ON c.oid = i.indrelid JOIN pg_catalog.pg_class o ON o.oid = i.indexrelid
UNION ALL SELECT 'constraint', k.conname, pg_catalog.pg_get_constraintdef(k.oid)
  FROM pg_catalog.pg_constraint k JOIN ours c ON c.oid = k.conrelid WHERE k.contype <> 'n'
UNION ALL SELECT 'trigger', t.tgname, c.relname FROM pg_catalog.pg_trigger t JOIN ours c ON c.oid = t.tgrelid
UNION ALL SELECT 'rule', r.rulename, c.relname FROM pg_catalog.pg_rewrite r JOIN ours c ON c.oid = r.ev_class
UNION ALL SELECT 'policy', p.polname, c.relname FROM pg_catalog.pg_policy p JOIN ours c ON c.oid = p.polrelid
UNION ALL SELECT 'inheritance', c.relname, i.inhrelid::pg_catalog.text
  FROM pg_catalog.pg_inherits i JOIN ours c ON c.oid IN (i.inhrelid, i.inhparent)
UNION ALL SELECT 'function', p.proname, '' FROM pg_catalog.pg_proc p JOIN home ON home.oid = p.pronamespace
UNION ALL SELECT 'operator', o.oprname, '' FROM pg_catalog.pg_operator o JOIN home ON home.oid = o.oprnamespace
UNION ALL SELECT 'operator class', o.opcname, '' FROM pg_catalog.pg_opclass o JOIN home ON home.oid = o.opcnamespace
UNION ALL SELECT 'collation', k.collname, '' FROM pg_catalog.pg_collation k JOIN home ON home.oid = k.collnamespace
UNION ALL SELECT 'type', t.typname, t.typtype::pg_catalog.text FROM pg_catalog.pg_type t JOIN home ON home.oid = t.typnamespace
  WHERE t.typrelid = 0 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type e JOIN ours c ON c.oid = e.typrelid WHERE e.typarray = t.oid)
"""  # noqa: S608  names are constants

Row = tuple[str, str, str]


def _expected() -> Iterable[Row]:
    yield "schema", SCHEMA_NAME, ""
    for table, columns in _COLUMNS.items():
        yield "relation", f"{SCHEMA_NAME}.{table}", "r p heap f f"
        yield "relation", f"{SCHEMA_NAME}.{table}_pkey", "i p btree f f"
        yield "constraint", f"{table}_pkey", f"PRIMARY KEY ({_KEYS[table]})"
        made = f"CREATE UNIQUE INDEX {table}_pkey ON {SCHEMA_NAME}.{table} USING btree ({_KEYS[table]})"
        yield "index", f"{table}_pkey", f"t t t t t {made}"
        for number, column in enumerate(columns, 1):
            name, type_ = column.removesuffix("?").split(" ")
            kind = {"bigint": "int8"}.get(type_, type_)
            yield "column", f"{table}.{number}", f"{name} pg_catalog {kind} {'f' if column.endswith('?') else 't'} f - - f"


SCHEMA: Final = frozenset(_expected())
"""What SCHEMA_QUERY must give beside the settings; a test makes the tables and compares."""


def is_there(rows: Sequence[Any]) -> bool:
    """Whether there is anything of a vault at all."""
    return any(row[0] != "setting" for row in rows)


def check_schema(rows: Sequence[Any], where: str) -> None:
    """Refuse a schema with anything added, changed or missing (IntegrityError), settings that lose commits or names (Refused), a login
    without rights (Failed)."""
    found = [tuple(map(str, row)) for row in rows]
    if not is_there(found):
        raise NotFound(f"there is no vault at {where}", hint="govern init --organisation NAME --founder 'Name <mail>'")
    described = [row for row in found if row[0] != "setting"]
    if len(described) != len(SCHEMA) or set(described) != SCHEMA:
        odd = sorted({f"{kind} {name}"[:60] for kind, name, _ in set(described) ^ SCHEMA})
        raise IntegrityError(
            f"the vault's database has another schema than govern's: {', '.join(odd[:5])}",
            code="schema",
            hint="somebody changed the database itself; compare with a backup, and see docs/security/threats.md",
        )
    settings = {name: value for kind, name, value in found if kind == "setting"}
    if settings.get("usage") != "true":
        raise Failed(
            f"this login may not use the vault in {where}", code="privilege", hint="docs/security/postgresql.md says what each login needs"
        )
    if settings.get("synchronous_commit") == "off":
        raise Refused(
            f"{where} has synchronous_commit=off: what it acknowledged could be lost, and look like a rollback", rule="durability",
            control="AU-9", code="durability", hint="ALTER ROLE … or ALTER DATABASE … SET synchronous_commit = on, and connect again",
        )  # fmt: skip
    if settings.get("search_path") != SEARCH_PATH:
        raise Refused(
            f"{where} does not keep what is set for a connection", rule="session", code="session",
            hint="connect to the server itself, or to a pooler in session mode",
        )  # fmt: skip
