"""A no is an outcome, a could-not is an error.

A `Refused` is recorded and final for its inputs. A `Fault` is retried. Nothing here is an allow.
"""


class Refused(Exception):  # noqa: N818 - an outcome that unwinds, not an error
    """The answer is no. `stage` is where (`intake`, `policy`, `approval`, `mint`, `network`, `sandbox`, `audit`)."""

    def __init__(self, stage: str, why: str) -> None:
        """Say where and why; both are recorded and shown."""
        super().__init__(f"{stage}: {why}")
        self.stage = stage
        self.why = why


class Fault(Exception):  # noqa: N818 - the base of the faults below
    """It could not be found out or done now. Safe to try again."""


class ForgeFault(Fault):
    """The forge did not answer, or not as its API says. The only exception that a forge adapter lets out."""


class NoGroupFault(ForgeFault):
    """The forge shows no group of that name: deleted, renamed, or not for this token. Final, unless people change that."""


class GitFault(Fault):
    """git failed: fetch, object missing, disk full."""


class AbsentFault(GitFault):
    """git has no such object. Right after a fetch: none of the project's branches and changes leads to it any more."""


class NoRepositoryFault(GitFault):
    """The remote has no repository of that name: deleted, renamed, or not for this token. Final, unless people change that."""


class LedgerFault(Fault):
    """The audit branch could not be read or extended."""


class TooLargeFault(LedgerFault):
    """A record would be larger than records are. Trying again changes nothing: less has to be asked for."""


class BrokerFault(Fault):
    """A credential could not be minted, revoked or probed."""


class SandboxFault(Fault):
    """The container engine failed before the command began."""
