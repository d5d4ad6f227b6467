"""The cluster that the story is played on: found or started, never left running when it was started here."""

import json
import os
import pathlib
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

    def reclaim(self, namespace):
        """Frees the volumes of a namespace that is gone, where nobody else does."""

    def close(self):
        """Gives back what was started here."""


class Given(Cluster):
    """What $KUBECONFIG names. Its nodes must be able to have the image: WAYBILL_E2E_IMAGE says where from."""

    image = os.environ.get("WAYBILL_E2E_IMAGE", IMAGE)

    def __str__(self):
        return f"the cluster of {os.environ['KUBECONFIG']}"


class Beside(Cluster):
    """Two nodes from the script beside the checkout."""

    can_fail_nodes = True
    host = "198.18.0.1"
    image = IMAGE

    def __init__(self):
        self.was_up = "running" in output([BESIDE, "status"], check=False)
        printed = output([BESIDE, "up", "--nodes", "2"])
        os.environ["KUBECONFIG"] = printed.strip().rsplit("=", 1)[-1].strip()

    def load(self):
        run([BESIDE, "load", ARCHIVE])

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

    def load(self):
        run(["kind", "load", "image-archive", ARCHIVE, "--name", self.name])

    def close(self):
        run(["kind", "delete", "cluster", "--name", self.name])

    def __str__(self):
        return "kind"


def find():
    """The first there is, or None and a line that says what was looked for."""
    if not shutil.which("kubectl"):
        say("skipped: kubectl is not installed")
        return None
    if os.environ.get("KUBECONFIG"):
        return Given()
    if BESIDE.exists() and os.geteuid() == 0:
        return Beside()
    if shutil.which("kind") and shutil.which("docker") and succeeds(["docker", "info"]):
        return Kind()
    say("skipped: no cluster; set KUBECONFIG, or install kind where Docker runs")
    return None
