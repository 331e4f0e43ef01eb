"""Custody: where the 32-byte seed of a member's keys lies, one file per way. Knows files and keyrings, no people and no environment.

Imports nothing: a reading command needs the seed record alone.
"""
