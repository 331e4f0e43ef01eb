"""The shared database: six tables that keep bytes and are trusted with nothing else. The only importer of SQLAlchemy.

Imports nothing at module level: `store.peek` must stay usable by commands that never load SQLAlchemy.
"""
