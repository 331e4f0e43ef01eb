"""The shared database: six tables that keep bytes and are trusted with nothing else. The only importer of SQLAlchemy.

`address` says where a vault is, `location` where it must not be; `database` is what the register asks for, `sqlite` and `postgres` are
the two that give it; `peek` is the short look of a reading command. Imports nothing at module level: `peek` must stay usable by commands
that never load SQLAlchemy.
"""
