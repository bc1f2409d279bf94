"""The chart, rendered by the real Helm engine and read back as objects: what each pod holds, reaches and may do."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import pytest
from ruamel.yaml import YAML

import bot.settings
import runners.settings

CHART = Path(__file__).resolve().parents[2] / "helm" / "countersign"
DIGEST = "sha256:" + "a" * 64
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "privileged": False,
    "capabilities": {"drop": ["ALL"]},
}
CROWN_JEWELS = {"signing-key", "targets.json"}
"""What the bot must never hold: the key that signs records, and the way to the targets."""

Object = dict[str, Any]
"""A Kubernetes object as YAML gives it."""


def good_values() -> Object:
    runner = {
        "engine": {"socket": "/run/countersign/podman.sock", "folder": "/var/lib/countersign/x"},
        "nodeSelector": {"countersign.dev/engine": "yes"},
    }
    return {
        "projects": ["acme/shop", "acme/infra"],
        "publicUrl": "https://countersign.acme.example",
        "forge": {"url": "https://gitlab.acme.example", "cidr": "10.0.0.5/32", "machineAccounts": ["deployer"]},
        "redis": {"secretName": "countersign-redis", "cidr": "10.0.0.6/32"},
        "trustRoot": {"configMapName": "countersign-trust-root"},
        "bot": {"secretName": "countersign-bot", "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]},
        "runners": [
            {
                "environment": "staging",
                "secretName": "runner-staging",
                "targets": [{"cidr": "10.1.0.9/32", "port": 5432}],
                **copy.deepcopy(runner),
            },
            {
                "environment": "production",
                "secretName": "runner-production",
                "targets": [{"cidr": "10.2.0.9/32", "port": 5432}, {"cidr": "0.0.0.0/0", "port": 443}],
                "identityAudience": "sts.amazonaws.com",
                "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/runner"}},
                **copy.deepcopy(runner),
            },
        ],
    }


@pytest.fixture(scope="module")
def chart() -> Iterator[helm_python.Chart]:
    with helm_python.Chart.load(CHART) as loaded:
        yield loaded


def rendered(chart: helm_python.Chart, values: Object) -> list[Object]:
    chart.validate_schema(values)
    texts = chart.render(values, name="cs", namespace="countersign")
    yaml = YAML(typ="safe")
    found = [document for name, text in texts.items() if name.endswith(".yaml") for document in yaml.load_all(text)]
    return [document for document in found if document is not None]


@pytest.fixture(scope="module")
def objects(chart: helm_python.Chart) -> list[Object]:
    return rendered(chart, good_values())


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def pod(objects: list[Object], name: str) -> Object:
    spec: Object = of_kind(objects, "Deployment")[name]["spec"]["template"]["spec"]
    return spec


def variables(container: Object) -> dict[str, Object]:
    return {item["name"]: item for item in container["env"]}


def selected(policy: Object, deployment: Object) -> bool:
    wanted = policy["spec"]["podSelector"]["matchLabels"].items()
    return bool(wanted <= deployment["spec"]["template"]["metadata"]["labels"].items())


def peers(policy: Object) -> set[tuple[str, int]]:
    return {
        (peer["ipBlock"]["cidr"], port["port"])
        for rule in policy["spec"]["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
        for port in rule["ports"]
    }


def test_the_chart_is_without_fault_by_helms_own_lint() -> None:
    report = helm_python.lint(CHART, good_values(), strict=True)
    assert report["errors"] == []
    assert [message["error"] for message in report["messages"] if message["severity"] > 1] == []


def test_bot_and_runners_are_deployments_with_accounts_of_their_own(objects: list[Object]) -> None:
    deployments = of_kind(objects, "Deployment")
    assert set(deployments) == {"cs-bot", "cs-runner-staging", "cs-runner-production"}
    accounts = {name: pod(objects, name)["serviceAccountName"] for name in deployments}
    assert accounts == {name: name for name in deployments}
    assert set(of_kind(objects, "ServiceAccount")) == set(deployments)


def test_no_pod_carries_a_token_for_the_clusters_api(objects: list[Object]) -> None:
    for account in of_kind(objects, "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False
    for name in of_kind(objects, "Deployment"):
        assert pod(objects, name)["automountServiceAccountToken"] is False


def test_the_bot_holds_neither_the_signing_key_nor_a_way_to_a_target(objects: list[Object]) -> None:
    spec = pod(objects, "cs-bot")
    keys = {item["key"] for volume in spec["volumes"] if "secret" in volume for item in volume["secret"]["items"]}
    assert keys == {"forge-token", "webhook-secrets.json", "agents.json", "tokens-key"}
    assert not keys & CROWN_JEWELS
    assert not [volume for volume in spec["volumes"] if "hostPath" in volume or "projected" in volume]
    for container in spec["containers"]:
        assert not [name for name in variables(container) if "SIGNING_KEY" in name or "AWS" in name or "SOCKET" in name]


def test_the_audit_pages_are_off_until_they_are_wanted(chart: helm_python.Chart, objects: list[Object]) -> None:
    name = "COUNTERSIGN_BOT_AUDIT_PAGES_TOKEN_FILE"
    assert name not in variables(pod(objects, "cs-bot")["containers"][0])
    values = good_values()
    values["bot"]["auditPages"] = True
    spec = pod(rendered(chart, values), "cs-bot")
    keys = {item["key"] for volume in spec["volumes"] if "secret" in volume for item in volume["secret"]["items"]}
    assert "audit-pages-token" in keys
    assert variables(spec["containers"][0])[name]["value"] == "/etc/countersign/secrets/audit-pages-token"


def test_each_runner_holds_its_own_secret_and_only_the_keys_it_needs(objects: list[Object]) -> None:
    for environment in ("staging", "production"):
        runner = pod(objects, f"cs-runner-{environment}")
        [secret] = [volume["secret"] for volume in runner["volumes"] if "secret" in volume]
        assert secret["secretName"] == f"runner-{environment}"
        assert {item["key"] for item in secret["items"]} == {"forge-token", "tokens-key"} | CROWN_JEWELS
        assert secret["defaultMode"] == 0o440
        [container] = runner["containers"]
        assert variables(container)[f"{runners.settings.PREFIX}ENVIRONMENTS"]["value"] == environment


def test_only_a_runner_that_asks_for_it_has_a_workload_identity(objects: list[Object]) -> None:
    def tokens(name: str) -> list[Object]:
        return [
            volume["projected"]["sources"][0]["serviceAccountToken"]
            for volume in pod(objects, name)["volumes"]
            if "projected" in volume
        ]

    assert tokens("cs-bot") == tokens("cs-runner-staging") == []
    assert tokens("cs-runner-production") == [{"audience": "sts.amazonaws.com", "expirationSeconds": 600, "path": "token"}]
    annotated = {name for name, account in of_kind(objects, "ServiceAccount").items() if "annotations" in account["metadata"]}
    assert annotated == {"cs-runner-production"}


def test_every_container_is_restricted(objects: list[Object]) -> None:
    for name in of_kind(objects, "Deployment"):
        spec = pod(objects, name)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] >= 1000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        for container in spec["containers"]:
            assert container["securityContext"] == RESTRICTED
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"]["cpu"]


def test_the_only_host_paths_are_the_runners_engine_and_its_folder(objects: list[Object]) -> None:
    for name in of_kind(objects, "Deployment"):
        paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod(objects, name)["volumes"] if "hostPath" in volume}
        wanted = {} if name == "cs-bot" else {"engine": "/run/countersign/podman.sock", "folder": "/var/lib/countersign/x"}
        assert paths == wanted
        mounts = {mount["name"]: mount["mountPath"] for mount in pod(objects, name)["containers"][0]["volumeMounts"]}
        assert wanted.items() <= mounts.items(), "engine and runner must see them under the same path"


def test_every_mount_has_its_volume(objects: list[Object]) -> None:
    for name in of_kind(objects, "Deployment"):
        spec = pod(objects, name)
        volumes = {volume["name"] for volume in spec["volumes"]}
        for container in spec["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_the_bot_answers_probes_and_survives_a_drain(objects: list[Object]) -> None:
    web = next(container for container in pod(objects, "cs-bot")["containers"] if container["name"] == "web")
    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    [budget] = of_kind(objects, "PodDisruptionBudget").values()
    assert budget["spec"]["minAvailable"] == 1
    labels = of_kind(objects, "Deployment")["cs-bot"]["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_one_replica_has_no_budget_that_would_block_a_drain(chart: helm_python.Chart) -> None:
    values = good_values()
    values["bot"]["replicas"] = 1
    assert of_kind(rendered(chart, values), "PodDisruptionBudget") == {}


def test_only_the_bot_can_be_called(objects: list[Object]) -> None:
    [service] = of_kind(objects, "Service").values()
    deployments = of_kind(objects, "Deployment")
    chosen = [
        name
        for name, item in deployments.items()
        if service["spec"]["selector"].items() <= item["spec"]["template"]["metadata"]["labels"].items()
    ]
    assert chosen == ["cs-bot"]
    assert of_kind(objects, "Ingress") == {}
    for name in deployments:
        ports = [port for container in pod(objects, name)["containers"] for port in container.get("ports", [])]
        assert bool(ports) is (name == "cs-bot")


def test_everything_is_denied_that_is_not_opened(objects: list[Object]) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    deny = policies["cs-default-deny"]
    assert all(selected(deny, deployment) for deployment in of_kind(objects, "Deployment").values())
    assert deny["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny["spec"]
    assert "egress" not in deny["spec"]


def test_each_policy_selects_its_own_pods_and_no_others(objects: list[Object]) -> None:
    policies, deployments = of_kind(objects, "NetworkPolicy"), of_kind(objects, "Deployment")
    for name in deployments:
        assert [other for other in deployments if selected(policies[name], deployments[other])] == [name]


def test_the_bot_is_reached_at_its_port_and_reaches_forge_and_queue(objects: list[Object]) -> None:
    policy = of_kind(objects, "NetworkPolicy")["cs-bot"]
    [opened] = policy["spec"]["ingress"]
    assert opened["from"] == [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]
    assert opened["ports"] == [{"port": 8080, "protocol": "TCP"}]
    assert peers(policy) == {("10.0.0.5/32", 443), ("10.0.0.6/32", 6379)}


def test_a_runner_is_reached_by_nobody_and_reaches_its_own_targets(objects: list[Object]) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    shared = {("10.0.0.5/32", 443), ("10.0.0.6/32", 6379)}
    assert peers(policies["cs-runner-staging"]) == shared | {("10.1.0.9/32", 5432)}
    assert peers(policies["cs-runner-production"]) == shared | {("10.2.0.9/32", 5432), ("0.0.0.0/0", 443)}
    for environment in ("staging", "production"):
        assert "ingress" not in policies[f"cs-runner-{environment}"]["spec"]


def test_the_metadata_service_is_left_out_of_the_widest_range(objects: list[Object]) -> None:
    rules = of_kind(objects, "NetworkPolicy")["cs-runner-production"]["spec"]["egress"]
    [wide] = [peer["ipBlock"] for rule in rules for peer in rule["to"] if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"]
    assert wide["except"] == ["169.254.0.0/16"]


def test_names_are_looked_up_at_the_clusters_dns_alone(objects: list[Object]) -> None:
    for name, policy in of_kind(objects, "NetworkPolicy").items():
        found = [rule for rule in policy["spec"].get("egress", []) if any(port["port"] == 53 for port in rule["ports"])]
        assert len(found) == (0 if name == "cs-default-deny" else 1)
        for rule in found:
            [peer] = rule["to"]
            assert set(peer) == {"namespaceSelector", "podSelector"}, "both in one peer: that namespace AND those pods"


def test_images_are_named_by_digest_when_given_one(chart: helm_python.Chart, objects: list[Object]) -> None:
    assert pod(objects, "cs-bot")["containers"][0]["image"] == "countersign/bot:0.1.0"
    values = good_values()
    values["bot"]["image"] = {"repository": "registry.acme.example/bot", "digest": DIGEST, "tag": "1.2"}
    values["runner"] = {"image": {"repository": "registry.acme.example/runner", "digest": DIGEST}}
    found = rendered(chart, values)
    for name in of_kind(found, "Deployment"):
        part = "bot" if name == "cs-bot" else "runner"
        for container in pod(found, name)["containers"]:
            assert container["image"] == f"registry.acme.example/{part}@{DIGEST}"


def test_the_chart_makes_no_secret(objects: list[Object]) -> None:
    kinds = {item["kind"] for item in objects}
    assert kinds == {"Deployment", "Service", "ServiceAccount", "NetworkPolicy", "PodDisruptionBudget"}


def test_the_settings_take_what_the_chart_gives(objects: list[Object]) -> None:
    for name, prefix, settings in (
        ("cs-bot", bot.settings.PREFIX, bot.settings.BotSettings),
        ("cs-runner-production", runners.settings.PREFIX, runners.settings.RunnerSettings),
    ):
        for container in pod(objects, name)["containers"]:
            given = {key: item.get("value", "redis://:word@redis/0") for key, item in variables(container).items()}
            assert all(key.startswith(prefix) for key in given)
            read = settings(**{key.removeprefix(prefix).lower(): value for key, value in given.items()})
            assert read.projects == ("acme/shop", "acme/infra")
            assert read.machine_accounts == ("deployer",)


def test_every_file_that_a_pod_is_told_of_is_mounted(objects: list[Object]) -> None:
    for name in of_kind(objects, "Deployment"):
        spec = pod(objects, name)
        files = {
            f"{mount['mountPath']}/{item['path']}"
            for mount in spec["containers"][0]["volumeMounts"]
            for volume in spec["volumes"]
            if volume["name"] == mount["name"]
            for item in volume.get("secret", volume.get("configMap", {})).get("items", [])
        }
        for container in spec["containers"]:
            told = {item["value"] for key, item in variables(container).items() if key.endswith("_FILE")}
            assert told == files


def test_an_authority_that_stamps_the_logs_is_told_mounted_and_reached(chart: helm_python.Chart, objects: list[Object]) -> None:
    assert "COUNTERSIGN_RUNNER_TSA_URL" not in variables(pod(objects, "cs-runner-staging")["containers"][0])
    values = good_values()
    values["timestamps"] = {
        "url": "https://tsa.acme.example/stamp",
        "configMapName": "countersign-tsa",
        "cidr": "10.0.0.7/32",
        "port": 443,
    }
    found = rendered(chart, values)
    given = variables(pod(found, "cs-runner-staging")["containers"][0])
    assert given["COUNTERSIGN_RUNNER_TSA_URL"]["value"] == "https://tsa.acme.example/stamp"
    test_every_file_that_a_pod_is_told_of_is_mounted(found)
    reached = {name: peers(policy) for name, policy in of_kind(found, "NetworkPolicy").items() if "egress" in policy["spec"]}
    assert {name for name, some in reached.items() if ("10.0.0.7/32", 443) in some} == {"cs-runner-staging", "cs-runner-production"}


def test_runners_beat_until_told_otherwise(chart: helm_python.Chart, objects: list[Object]) -> None:
    def told(found: list[Object]) -> object:
        return variables(pod(found, "cs-runner-staging")["containers"][0])["COUNTERSIGN_RUNNER_HEARTBEATS"]["value"]

    assert told(objects) == "true"
    assert told(rendered(chart, {**good_values(), "heartbeats": False})) == "false"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("projects",), []),
        (("projects",), ["shop"]),
        (("publicUrl",), "http://countersign.acme.example"),
        (("forge", "url"), "http://gitlab.acme.example"),
        (("forge", "token"), "glpat-secret"),
        (("forge", "cidr"), "gitlab.acme.example"),
        (("redis", "url"), "redis://:password@redis"),
        (("bot", "ingressFrom"), []),
        (("bot", "ingressFrom"), [{}]),
        (("bot", "port"), 80),
        (("bot", "replicas"), 0),
        (("bot", "image"), {"repository": "x/bot", "tag": "latest"}),
        (("bot", "image"), {"repository": "x/bot", "digest": "sha256:abc"}),
        (("bot", "signingKey"), "x"),
        (("runner", "privileged"), True),
        (("runners",), []),
        (("runners", 0, "environment"), "none"),
        (("runners", 0, "environment"), "Production"),
        (("runners", 0, "targets"), [{"cidr": "169.254.169.254/32", "port": 80}]),
        (("runners", 0, "targets"), [{"cidr": "10.0.0.0/8"}]),
        (("runners", 0, "engine", "socket"), "/var/run/countersign/docker.sock"),
        (("runners", 0, "engine", "folder"), "/"),
        (("runners", 0, "engine", "folder"), "/etc/kubernetes/pki"),
        (("runners", 0, "engine", "folder"), "/var/lib/../../etc"),
        (("runners", 0, "nodeSelector"), {}),
        (("networkPolicies",), {"enabled": False}),
        (("timestamps",), {"url": "https://tsa.acme.example"}),
        (("timestamps",), {"url": "https://me:word@tsa.example", "configMapName": "x", "cidr": "10.0.0.7/32", "port": 443}),
        (("heartbeats",), "hourly"),
    ],
)
def test_a_value_that_is_unknown_empty_or_dangerous_is_refused(
    chart: helm_python.Chart, path: tuple[str | int, ...], value: object
) -> None:
    values: Any = good_values()
    place = values
    for step in path[:-1]:
        place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
    place[path[-1]] = value
    with pytest.raises(helm_python.HelmValuesError):
        chart.validate_schema(values)
    with pytest.raises(helm_python.HelmError):
        chart.render(values, name="cs", namespace="countersign")


def test_an_environment_is_served_by_one_runner(chart: helm_python.Chart) -> None:
    values = good_values()
    values["runners"][1]["environment"] = "staging"
    with pytest.raises(helm_python.HelmRenderError, match="two runners for the environment staging"):
        chart.render(values, name="cs", namespace="countersign")


def test_the_defaults_alone_install_nothing(chart: helm_python.Chart) -> None:
    with pytest.raises(helm_python.HelmError):
        chart.render({}, name="cs", namespace="countersign")


def test_the_notes_say_how_to_check_the_sandbox(chart: helm_python.Chart) -> None:
    notes = chart.render(good_values(), name="cs", namespace="countersign")["countersign/templates/NOTES.txt"]
    assert "deploy/cs-runner-production -- countersign-runner attest" in notes
    assert "An image is named by tag" in notes
