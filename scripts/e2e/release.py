"""One installation of the chart, and what is seen of it from outside."""

import contextlib
import json
import re
import subprocess
import time

from cluster import ROOT
from shell import Failed, output, run, succeeds, until

CHART = ROOT / "helm" / "waybill"
TOOLS = ROOT / "target" / "tools" / "bin"
# The program of the image, which is static and runs here too.
WAYBILL = ROOT / "target" / "image" / "files" / "image" / "waybill"
PARTS = ("producer", "fleet", "analytics")
PORTS = {"producer": 8081, "fleet": 8082, "analytics": 8080}


def helm(*words, **options):
    return output([TOOLS / "helm", *words], **options)


class Release:
    """A release of the chart in a namespace of its own, which enforces restricted pods."""

    def __init__(self, name, namespace, image):
        self.name, self.namespace = name, namespace
        repository, _, tag = image.rpartition(":")
        self.image = ["--set", f"image.repository={repository}", "--set", f"image.tag={tag}"]

    def kubectl(self, *words, **options):
        return output(["kubectl", "--namespace", self.namespace, *words], **options)

    def json(self, *words):
        return json.loads(self.kubectl(*words, "--output", "json"))

    def make_namespace(self):
        run(["kubectl", "create", "namespace", self.namespace])
        label = "pod-security.kubernetes.io/enforce=restricted"
        run(["kubectl", "label", "namespace", self.namespace, label])

    def remove_namespace(self):
        run(["kubectl", "delete", "namespace", self.namespace, "--ignore-not-found", "--timeout", "120s"])

    def upgrade(self, *values, chart=CHART):
        """Installs or upgrades, and waits until all is ready. Seconds that it took."""
        began = time.monotonic()
        words = ["upgrade", self.name, chart, "--install", "--namespace", self.namespace, *self.image]
        helm(*words, *values, "--wait", "--timeout", "180s")
        return time.monotonic() - began

    def test(self):
        """helm test. Seconds that it took."""
        began = time.monotonic()
        helm("test", self.name, "--namespace", self.namespace, "--logs", "--timeout", "120s")
        return time.monotonic() - began

    def uninstall(self):
        helm("uninstall", self.name, "--namespace", self.namespace, "--wait", "--timeout", "120s")

    def workload(self, part):
        """The kind and name of a part's workload."""
        found = self.json("get", "deployments,statefulsets", "--selector", self.selector(part))["items"]
        kind, name = found[0]["kind"].lower(), found[0]["metadata"]["name"]
        return f"{kind}/{name}"

    def selector(self, part):
        return f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component={part}"

    def pods(self, part):
        """The pods of a part that are not on their way out."""
        pods = self.json("get", "pods", "--selector", self.selector(part))["items"]
        return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]

    def ready(self, part, count):
        """Waits until so many pods of a part are ready. Seconds that it took."""

        def enough():
            ready = [
                pod
                for pod in self.pods(part)
                for said in pod["status"].get("conditions", [])
                if said["type"] == "Ready" and said["status"] == "True"
            ]
            return len(ready) == count

        return until(f"{count} pods of {part} ready", enough, within=120)[1]

    def scale(self, part, count):
        self.kubectl("scale", self.workload(part), f"--replicas={count}")
        return self.ready(part, count)

    def restart(self, part):
        """A rolling restart, to its end. Seconds that it took."""
        began = time.monotonic()
        workload = self.workload(part)
        self.kubectl("rollout", "restart", workload)
        self.kubectl("rollout", "status", workload, "--timeout=180s")
        return time.monotonic() - began

    @contextlib.contextmanager
    def forward(self, what, port):
        """A port of a pod or Service, on a free port of this machine: host:port."""
        words = ["kubectl", "--namespace", self.namespace, "port-forward", what, f":{port}"]
        forwarding = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            line = forwarding.stdout.readline()
            found = re.search(r"Forwarding from (127\.0\.0\.1:\d+)", line)
            if not found:
                raise Failed(f"port-forward {what}: {line.strip()}")
            yield found[1]
        finally:
            forwarding.kill()
            forwarding.wait()

    def service(self, part):
        """The port of a part's Service on this machine."""
        return self.forward(f"service/{self.name}-{part}", PORTS[part])

    def job(self, name, *arguments, labels=None):
        """Begins a job in the cluster that runs `waybill` with these arguments, as a client unless labels say else."""
        image = self.pods("producer")[0]["spec"]["containers"][0]["image"]
        labels = {f"{self.name}-client": "true"} if labels is None else labels
        self.kubectl("apply", "--filename", "-", text=json.dumps(job(name, labels, image, arguments)))

    def job_ends(self, name, within):
        """Waits for the end of a job: its output. It must have succeeded."""

        def ended():
            status = self.json("get", "job", name)["status"]
            return status if status.get("succeeded") or status.get("failed") else None

        status, _ = until(f"job {name} to end", ended, within)
        said = self.kubectl("logs", f"job/{name}", check=False)
        self.kubectl("delete", "job", name, "--wait=false")
        if not status.get("succeeded"):
            raise Failed(f"job {name} failed: {said.strip()}")
        return said

    def metrics(self, pod):
        """What a pod counts, by name with labels."""
        port = next(
            port["containerPort"]
            for port in pod["spec"]["containers"][0]["ports"]
            if port["name"] == "ops"
        )
        with self.forward(f"pod/{pod['metadata']['name']}", port) as address:
            text = output(["curl", "--silent", "--fail", f"http://{address}/metrics"])
        samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def trouble(self):
        """All that may say why something went wrong."""
        words = [["get", "all,networkpolicies", "--output", "wide"], ["get", "events", "--sort-by=.lastTimestamp"]]
        texts = [self.kubectl(*word, check=False) for word in words]
        for part in PARTS:
            words = ["logs", "--selector", self.selector(part), "--tail=30", "--prefix", "--all-containers"]
            texts.append(self.kubectl(*words, check=False))
        return "\n".join(texts)


def job(name, labels, image, arguments):
    """A Job that runs `waybill` within the restricted rules."""
    container = {
        "name": "waybill",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(arguments),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
