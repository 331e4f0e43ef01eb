"""Secrets: sealed, opened, made and kept. Knows keys and bytes; knows nothing of people, accounts' names, ledger or store."""
