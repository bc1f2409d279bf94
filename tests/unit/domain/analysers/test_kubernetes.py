"""What a change of manifests takes away: objects, replicas, limits, walls."""

import pytest

from countersign.domain.analysers.kubernetes import effects, gone_from_template, manifests
from countersign.domain.analysers.structured import read
from countersign.domain.facts import Act

DIGEST = "@sha256:" + "a" * 64
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec:
  resources: {requests: {storage: 10Gi}}
"""
WEB = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: app
        image: registry.example/app{DIGEST}
        resources:
          limits: {{memory: 512Mi, cpu: "1"}}
        readinessProbe: {{httpGet: {{path: /, port: 80}}}}
        securityContext:
          runAsNonRoot: true
          readOnlyRootFilesystem: true
          allowPrivilegeEscalation: false
          capabilities: {{drop: [ALL]}}
"""
Files = dict[str, str]


def found(old: Files, new: Files) -> set[tuple[Act, str, str]]:
    before, after = ([item for path, text in side.items() for item in manifests(path, read(path, text))] for side in (old, new))
    return {(item.act, item.kind, item.name) for item in effects(before, after)}


def lost(old: str, new: str) -> set[tuple[str, str]]:
    assert old != new
    return {
        (kind, name.partition(": ")[2]) for act, kind, name in found({"a/x.yaml": old}, {"a/x.yaml": new}) if act is Act.TURNS_OFF
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a/x.yaml": NAMESPACE}, {}),
        ({"a/x.yaml": NAMESPACE}, {"a/x.yaml": "# nothing\n"}),
        ({"a/x.yaml": f"{CLAIM}---\n{NAMESPACE}"}, {"a/x.yaml": CLAIM}),
        ({"a/x.yaml": NAMESPACE}, {"a/x.yaml": NAMESPACE.replace("shop", "other")}),
        ({"a/x.yaml": NAMESPACE}, {"b/x.yaml": NAMESPACE}),
        ({"a/x.json": '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}'}, {}),
        (
            {
                "a/x.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {NAMESPACE}".replace("\nkind: N", "\n  kind: N").replace(
                    "\nmeta", "\n  meta"
                )
            },
            {},
        ),
        (
            {"a/x.yaml": NAMESPACE},
            {"a/x.yaml": f"data: |\n  {NAMESPACE}".replace("\nkind", "\n  kind").replace("\nmeta", "\n  meta")},
        ),
    ],
)
def test_an_object_that_is_nowhere_in_its_folder_any_more_is_deleted(old: Files, new: Files) -> None:
    assert (Act.DELETES, "Namespace", "shop") in found(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a/x.yaml": f"{CLAIM}---\n{NAMESPACE}"}, {"a/x.yaml": f"{NAMESPACE}---\n{CLAIM}"}),
        ({"a/x.yaml": f"{CLAIM}---\n{NAMESPACE}"}, {"a/x.yaml": CLAIM, "a/y.yaml": NAMESPACE}),
        ({"a/x.yaml": WEB}, {"a/x.yaml": WEB.replace("apps/v1", "apps/v2")}),
        ({"a/x.yaml": CLAIM}, {"a/x.yaml": CLAIM.replace("10Gi", "20Gi")}),
        ({}, {"a/x.yaml": NAMESPACE}),
        ({"a/values.yaml": "kind: x\nreplicas: 1\n"}, {}),
        ({"a/x.yaml": WEB}, {"a/x.yaml": WEB.replace("replicas: 3", "replicas: 5").replace("512Mi", "1Gi")}),
    ],
)
def test_what_stays_or_grows_is_no_effect(old: Files, new: Files) -> None:
    assert found(old, new) == set()


def test_objects_without_names_are_counted() -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\n"
    assert found({"a/x.yaml": f"{job}---\n{job}"}, {"a/x.yaml": job}) == {(Act.DELETES, "Job", "x-")}


@pytest.mark.parametrize(
    ("old", "new", "kind", "what"),
    [
        ("replicas: 3", "replicas: 0", "replicas", "3 → 0"),
        ("replicas: 3", "replicas: 0x0", "replicas", "3 → 0"),
        ('memory: 512Mi, cpu: "1"', 'cpu: "1"', "resource_limits", "container app has no limit of memory"),
        ("resources:", "other:", "resource_limits", "container app has no limit of memory"),
        ("readinessProbe:", "someProbe:", "probes", "container app has no readinessProbe"),
        (DIGEST, ":latest", "image_digest", f"container app: registry.example/app{DIGEST} → registry.example/app:latest"),
        ("runAsNonRoot: true", "runAsNonRoot: false", "isolation", "container app: no runAsNonRoot"),
        ("runAsNonRoot: true", "runAsUser: 0", "isolation", "container app: runs as root"),
        ("          readOnlyRootFilesystem: true\n", "", "isolation", "container app: no readOnlyRootFilesystem"),
        ("allowPrivilegeEscalation: false", "privileged: yes", "isolation", "container app: privileged"),
        ("Escalation: false", "Escalation: true", "isolation", "container app: allowPrivilegeEscalation"),
        ("drop: [ALL]", "add: [SYS_ADMIN]", "isolation", "container app: capability SYS_ADMIN"),
        ("drop: [ALL]", "drop: []", "isolation", "container app: no drop of ALL"),
        ("      containers:", "      hostNetwork: on\n      containers:", "isolation", "the pod: hostNetwork"),
        ("      containers:", "      volumes: [{hostPath: {path: /}}]\n      containers:", "isolation", "the pod: hostPath /"),
        ("replicas: 3", "replicas: 0\n  paused: true", "replicas", "3 → 0"),
    ],
)
def test_what_protected_and_is_gone(old: str, new: str, kind: str, what: str) -> None:
    assert (kind, what) in lost(WEB, WEB.replace(old, new))


def test_a_new_object_has_no_limits_to_lose_but_opens_walls() -> None:
    new = WEB.replace("allowPrivilegeEscalation: false", "privileged: true").replace("replicas: 3", "replicas: 0")
    assert found({}, {"a/x.yaml": new}) == {(Act.TURNS_OFF, "isolation", "Deployment shop/web: container app: privileged")}


def test_volumes_and_promises_to_keep() -> None:
    volume = """\
apiVersion: v1
kind: PersistentVolume
metadata: {name: a, annotations: {helm.sh/resource-policy: keep}}
spec: {persistentVolumeReclaimPolicy: Retain}
"""
    assert lost(volume, volume.replace("Retain", "Delete")) == {("reclaim_policy", "Retain → Delete")}
    assert lost(volume, volume.replace("keep", "gone")) == {("keep_annotation", "helm.sh/resource-policy: keep → gone")}


def test_pods_of_custom_resources_are_found() -> None:
    rollout = WEB.replace("apps/v1", "argoproj.io/v1alpha1").replace("Deployment", "Rollout")
    assert ("resource_limits", "container app has no limit of cpu") in lost(rollout, rollout.replace(', cpu: "1"', ""))


def test_of_a_template_fewer_objects_of_a_kind_are_told() -> None:
    template = "{{- if .Values.x }}\napiVersion: v1\nkind: PersistentVolumeClaim\n{{- end }}\n---\nkind: Service # x\n"
    assert [
        item.kind for item in gone_from_template("t.yaml", template, "kind: Service\ndata: |\n  kind: PersistentVolumeClaim\n")
    ] == ["PersistentVolumeClaim"]
    assert list(gone_from_template("t.yaml", template, f"# {template}{template}")) == []
    assert [item.kind for item in gone_from_template("t.yaml", template, None)] == ["PersistentVolumeClaim", "Service"]
