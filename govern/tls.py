"""How servers are asked over TLS, whatever they are asked for. Loaded by what opens connections alone."""

from __future__ import annotations

import ssl


def verified() -> ssl.SSLContext:
    """TLS 1.2 or later, name and chain checked. Not `create_default_context`: that writes session keys where SSLKEYLOGFILE says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    return context
