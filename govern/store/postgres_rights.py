"""Whose the schema of a vault is on a server, and what it lets others do: given to the tables that take the place of those that had it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from govern.store import tables
from govern.store.postgres_schema import SCHEMA_NAME

_PRIVILEGES: Final = ("USAGE", "SELECT", "INSERT", "UPDATE", "DELETE")
_OWNER: Final = (
    "SELECT r.rolname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner WHERE n.nspname = %(schema)s"
)
_RIGHTS: Final = """
WITH rights AS (
  SELECT NULL::pg_catalog.name AS relation, NULL::pg_catalog.name AS field, n.nspacl AS acl, n.nspowner AS owner
  FROM pg_catalog.pg_namespace n WHERE n.nspname = %(schema)s
  UNION ALL SELECT c.relname, NULL, c.relacl, c.relowner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %(schema)s AND c.relkind = 'r'
  UNION ALL SELECT c.relname, f.attname, f.attacl, c.relowner
  FROM pg_catalog.pg_attribute f JOIN pg_catalog.pg_class c ON c.oid = f.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND f.attnum > 0 AND NOT f.attisdropped
)
SELECT t.relation, t.field, a.privilege_type, r.rolname
FROM rights t CROSS JOIN LATERAL pg_catalog.aclexplode(t.acl) a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
WHERE a.grantee <> t.owner ORDER BY 1, 2, 3, 4
"""


def as_before(connection: sa.Connection, aside: str) -> Iterator[str]:
    """The statements that give the schema `govern` owner and rights of the one that is called `aside` now. Only what a member's login needs is
    given (docs/security/postgresql.md), and nothing to everybody."""
    rights = [tuple(row) for row in connection.exec_driver_sql(_RIGHTS, {"schema": aside})]
    for relation, field, privilege, role in rights:
        if privilege not in _PRIVILEGES or (relation is not None and relation not in tables.metadata.tables):
            continue
        if relation is None:
            yield f"GRANT {privilege} ON SCHEMA {SCHEMA_NAME} TO {quoted(role)}"
        elif field is None or field in tables.metadata.tables[relation].c:
            column = f" ({quoted(field)})" if field is not None else ""
            yield f"GRANT {privilege}{column} ON {SCHEMA_NAME}.{relation} TO {quoted(role)}"
    owner = connection.exec_driver_sql(_OWNER, {"schema": aside}).scalar()
    if owner is not None:  # of the schema first: whoever is to own a table must be let to make one there
        yield f"ALTER SCHEMA {SCHEMA_NAME} OWNER TO {quoted(owner)}"
        for table in tables.metadata.tables:
            yield f"ALTER TABLE {SCHEMA_NAME}.{table} OWNER TO {quoted(owner)}"


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever is in it."""
    escaped = name.replace('"', '""').replace("%", "%%")
    return f'"{escaped}"'
