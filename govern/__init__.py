"""govern: who knows which shared secret, and what to change when somebody leaves."""

__version__ = "0.1.0"
