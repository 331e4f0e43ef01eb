"""The trusted local truth: what the verified ledger says is now the case, and the one way to add to it.

Imports nothing at module level, so that a reading command loads only what it needs.
"""
