"""The cluster that the story is played on: found or started, never left running when it was started here."""

import json
import os
import pathlib
import re
import shutil

from shell import output, run, say, succeeds

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = "localhost/waybill:dev"
ARCHIVE = ROOT / "target" / "waybill-image.tar"
# A cluster on this machine without Docker, where a checkout has one beside it.
BESIDE = ROOT.parent / "shared" / "cluster" / "cluster"


class Cluster:
    """A cluster by its kubeconfig. What it cannot do (`can_fail_nodes`) the story leaves out, and says so."""

    can_fail_nodes = False
    # Where a pod finds a server that listens on this machine; None: nowhere.
    host = None

    def load(self):
        """Makes the image known to the nodes."""
        run([ROOT / "scripts" / "load-image", ARCHIVE])

    def reclaim(self, namespace):
        """Frees the volumes of a namespace that is gone, where nobody else does."""

    def close(self):
        """Gives back what was started here."""


class Given(Cluster):
    """What $KUBECONFIG names. Where WAYBILL_E2E_IMAGE names an image, its nodes have it or pull it."""

    image = os.environ.get("WAYBILL_E2E_IMAGE", IMAGE)

    def load(self):
        if "WAYBILL_E2E_IMAGE" not in os.environ:
            super().load()

    def __str__(self):
        return f"the cluster of {os.environ['KUBECONFIG']}"


class Beside(Cluster):
    """Two nodes from the script beside the checkout."""

    can_fail_nodes = True
    host = "198.18.0.1"
    image = IMAGE

    def __init__(self):
        self.was_up = re.search(r"/kube-apiserver \d+ up$", output([BESIDE, "status"], check=False), re.MULTILINE)
        printed = output([BESIDE, "up", "--nodes", "2"])
        os.environ["KUBECONFIG"] = printed.strip().rsplit("=", 1)[-1].strip()

    def reclaim(self, namespace):
        volumes = json.loads(output(["kubectl", "get", "persistentvolumes", "--output", "json"]))["items"]
        for volume in volumes:
            claim = volume["spec"].get("claimRef") or {}
            if claim.get("namespace") == namespace and volume["status"]["phase"] == "Released":
                for entry in pathlib.Path(volume["spec"]["hostPath"]["path"]).iterdir():
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
                free = json.dumps({"spec": {"claimRef": None}})
                run(["kubectl", "patch", "persistentvolume", volume["metadata"]["name"], "--patch", free])

    def node(self, name, verb):
        run([BESIDE, "node", name, verb])

    def close(self):
        if not self.was_up:
            run([BESIDE, "down"])

    def __str__(self):
        return "two nodes on this machine"


class Kind(Cluster):
    """kind, where Docker runs."""

    name = "waybill-e2e"
    image = IMAGE

    def __init__(self):
        config = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: control-plane}, {role: worker}]\n"
        run(["kind", "create", "cluster", "--name", self.name, "--config", "-"], text=config)

    def close(self):
        run(["kind", "delete", "cluster", "--name", self.name])

    def __str__(self):
        return "kind"


def available():
    """The kind of cluster that there is or can be started; None, and a line that says what was looked for."""
    if not shutil.which("kubectl"):
        say("skipped: kubectl is not installed")
    elif os.environ.get("KUBECONFIG"):
        return Given
    elif BESIDE.exists() and os.geteuid() == 0:
        return Beside
    elif shutil.which("kind") and succeeds(["docker", "info"]):
        return Kind
    else:
        say("skipped: no cluster; set KUBECONFIG, or install kind where Docker runs")
    return None


def find():
    """A cluster, started if need be; None where there is none."""
    kind = available()
    return kind and kind()
