"""Finding a connector by its name: those that come with the program, and installed ones that the policy names. Nothing else is imported.

An installed distribution announces one in the entry-point group `govern.connectors`. Reading that list runs no code of theirs; loading does,
so it happens only after the policy in force was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final, Protocol, cast

from govern import __version__
from govern.connectors.protocol import API, Connector, Target
from govern.errors import Failed, NotFound
from govern.policy.rules import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govern.connectors.http import Http
    from govern.connectors.protocol import Capabilities

GROUP: Final = "govern.connectors"

BUILT_IN: Final[Mapping[str, str]] = {
    "bluesky": "govern.connectors.bluesky:Bluesky",
    "matrix": "govern.connectors.matrix:Matrix",
    "wordpress": "govern.connectors.wordpress:WordPress",
}
"""Name -> module and class."""


class Makes(Protocol):
    """The class of a connector."""

    api: int
    capabilities: Capabilities

    def __call__(self, target: Target, http: Http) -> Connector: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A connector, and the distribution that it comes from: what the ledger keeps of it."""

    name: str
    make: Makes
    distribution: str
    release: str


def find(name: str, policy: Policy) -> Found:
    """The connector of that name. Refused where the policy does not name it, NotFound where there is none, Failed where it does not load."""
    entry = None
    if name not in BUILT_IN:
        entry = next((one for one in metadata.entry_points(group=GROUP) if one.name == name), None)
        if entry is None:
            raise NotFound(
                f"there is no connector {name[:40]!r}",
                hint=f"--connector guided, where a person changes it, or one of {', '.join(sorted(BUILT_IN))}",
            )
    policy.must_allow_connector(name)
    if entry is None:
        entry = metadata.EntryPoint(name, BUILT_IN[name], GROUP)
        distribution, release = "govern", __version__
    else:
        distribution, release = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    try:
        make = cast("Makes", entry.load())
        api = make.api
    except Exception as error:  # whatever a stranger's module does when it is imported
        raise Failed(f"the connector {name} does not load ({type(error).__name__})", hint="ask whoever made it") from error
    if api != API:
        raise Failed(f"the connector {name} was written for another govern (protocol {api!r}, not {API})", hint="install a newer one of it")
    return Found(name=name, make=make, distribution=distribution, release=release)


def that_can(platform: str, kind: str, policy: Policy) -> str:
    """Name of a connector of our own that the policy names and that can change this kind there; empty where there is none."""
    for name in BUILT_IN:
        if name in policy.connectors.allowed and _can(name, platform, kind, policy):
            return name
    return ""


def _can(name: str, platform: str, kind: str, policy: Policy) -> bool:
    capabilities = find(name, policy).make.capabilities
    return platform in capabilities.platforms and kind in capabilities.kinds
