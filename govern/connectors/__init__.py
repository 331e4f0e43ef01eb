"""Platforms that can be changed by program: one module per platform, all of the shape that `govern.connectors.protocol` gives."""
