"""What exactly the sandbox is asked to run, and with which variables. Pure: from an authorization, nothing else."""

from collections.abc import Mapping

from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.decision import Plan
from countersign.domain.outcomes import BrokerFault
from countersign.domain.ports import Files
from countersign.domain.run import Control, RunSpec


def controls(plan: Plan) -> frozenset[Control]:
    """Give the controls that must be in force: all of them, the proxy where there is something to reach."""
    return frozenset(Control) if plan.allow else frozenset(Control) - {Control.EGRESS_PROXY}


def specify(authorization: Authorization, files: Files) -> RunSpec:
    """Give the command, its files and its bounds. Holds no secret."""
    plan = authorization.plan
    return RunSpec(
        run=authorization.run,
        argv=plan.argv,
        image=plan.image,
        limits=plan.limits,
        network=plan.network,
        allow=plan.allow,
        files=files,
        environment={"COUNTERSIGN_ENVIRONMENT": plan.environment or "", "COUNTERSIGN_RUN": authorization.run},
        controls=controls(plan),
    )


def together(credentials: Mapping[str, Credential]) -> Credential | None:
    """Put the variables of all credentials side by side.

    Raises:
        BrokerFault: two want the same name for different values.
    """
    variables: dict[str, str] = {}
    public: set[str] = set()
    for credential in credentials.values():
        public |= credential.public
        for name, value in credential.reveal().items():
            if variables.setdefault(name, value) != value:
                raise BrokerFault(f"two credentials of one run both set {name}")
    return Credential(variables, public=public) if variables else None
