"""Where changes take effect: environments, services, networks, sandboxes, and classes of what is hidden there."""

from typing import Annotated, Literal

from pydantic import Field

from countersign.domain.decision import NetworkTier
from countersign.domain.policy_values import Bytes, Globs, Image, Listed, Model, Name, Region, Seconds, ValueName, Whole


class Environment(Model):
    """A place where changes take effect."""

    paths: Annotated[Globs, Field(description="What lies in it. A change touches one environment.")]
    at_least: Annotated[Name | None, Field(description="The mildest tier of a change here.")] = None
    network: Annotated[Name | None, Field(description="What runs here can reach; nothing without it.")] = None
    region: Annotated[Region | None, Field(description="Where runs, logs and model traffic stay; part of what is approved.")] = None
    freezes: Annotated[tuple[Name, ...], Field(description="When it rests.")] = ()
    tokenize: Annotated[
        tuple[ValueName, ...],
        Field(description="Classes of `tokens` that are replaced before anything leaves; `secret` always is."),
    ] = ()


class Service(Model):
    """Something that somebody owns."""

    paths: Annotated[Globs, Field(description="What belongs to it.")]
    owner: Annotated[Name, Field(description="A team, or `codeowners` for whom that file names for each path.")]
    at_least: Annotated[Name | None, Field(description="The mildest tier of a change to it.")] = None


class Network(Model):
    """How traffic gets out, and to where."""

    tier: Annotated[NetworkTier, Field(description="How traffic gets to its target; `none` for no network at all.")]
    allow: Annotated[
        tuple[Listed, ...], Field(description="Host names with a port, 443 without one. Nothing else is reached.")
    ] = ()


class Sandbox(Model):
    """Where an action runs."""

    image: Annotated[Image, Field(description="By digest: a tag can be moved.")]
    memory: Annotated[Bytes, Field(description="256Mi where nothing is said.")] = 2**28
    pids: Annotated[Whole, Field(ge=1, le=4096, description="How many processes at once.")] = 64
    timeout: Annotated[Seconds, Field(description="When a run is ended; 10m where nothing is said.")] = 600


class TokenClass(Model):
    """A class of values that are replaced by tokens."""

    reveal: Annotated[Literal["never", "at-apply"], Field(description="Whether the runner puts the value back when it applies.")]
