"""The cluster story: Waybill on real nodes, act by act, each with its figures.

Every act asks the same at its end: was each batch of its run settled exactly once? Usage: story.py [--keep] [ACT...]
"""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time

import cluster as clusters
import postgres
from account import Runs, grpcurl, percentile
from release import PORTS, TOOLS, WAYBILL, Release, helm
from shell import Failed, expect, output, run, say, succeeds, until

NAMESPACE = "waybill-e2e"
# Added to the time in which a peer's silence is noticed, until the first new ack.
SECOND_THOUGHT = 2
# The clients' keepalive: an interval, then the time-out. A peer that answers no ping for this long is lost.
DETECTION = 10

ACTS = []


def act(title):
    """Makes a function an act. It gets the stage and yields its figures, line by line."""

    def register(play):
        ACTS.append((play.__name__, title, play))
        return play

    return register


class Stage:
    """What the acts share: the cluster, the release, and where the parts run."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.release = Release("wb", NAMESPACE, cluster.image)
        nodes = json.loads(output(["kubectl", "get", "nodes", "--output", "json"]))["items"]
        self.nodes = [node["metadata"]["name"] for node in nodes]
        # What keeps its data on a node stays on the first, so that the others can fail.
        home = ["--set", f"producer.nodeSelector.kubernetes\\.io/hostname={self.nodes[0]}"]
        home += ["--set", f"analytics.nodeSelector.kubernetes\\.io/hostname={self.nodes[0]}"]
        self.values = [*home, "--set", "fleet.autoscaling.enabled=false", "--set", "fleet.replicas=2"]
        self.runs = Runs(self.release)


@act("install, and helm test")
def install(stage):
    took = stage.release.upgrade(*stage.values)
    yield f"all pods ready after {took:.1f} s"
    yield f"helm test passed in {stage.release.test():.1f} s"


@act("the commands of the notes, as they stand")
def notes(stage):
    text = helm("get", "notes", stage.release.name, "--namespace", NAMESPACE)
    commands = [line.strip() for line in text.splitlines() if line.startswith(("  kubectl ", "  helm "))]
    expect(len(commands) == 4, f"{len(commands)} commands in the notes")
    environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    with contextlib.ExitStack() as forwards:
        for command in commands:
            if " port-forward " in command:
                forward = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, env=environment)
                forwards.callback(forward.kill)
                page = ["curl", "--silent", "--fail", "http://127.0.0.1:8080/"]
                until("the page at the address of the notes", lambda: succeeds(page), within=15)
                yield "the page is at its address"
            else:
                said = output(["env", f"PATH={environment['PATH']}", *shlex.split(command)])
                yield f"{' '.join(command.split()[:2])}: {said.strip().splitlines()[-1]}"


@act("a run by grpcurl through a port-forward, and one through the page's Service")
def trigger(stage):
    request = {"synthetic": {"shipments": 32, "drivers": 32}, "interval": "0.05s", "batch_limit": 20}
    for part in ("producer", "analytics"):
        with stage.release.service(part) as address:
            run = grpcurl(address, "waybill.producer.v1.ProducerService/StartRun", request)
        stage.runs.wait(run["runId"])
        stage.runs.settled_once(run["runId"], 20)
        yield f"by {part}: 20 batches, each settled once"
    with stage.release.service("analytics") as address:
        page = output(["curl", "--silent", "--fail", f"http://{address}/"])
        expect("<!doctype html>" in page.lower(), "the page is not served")
        yield f"the page is served, {len(page)} bytes"


@act("scale fleet from 1 to 3, and see the balance")
def balance(stage):
    release = stage.release
    release.scale("fleet", 1)
    run_id = stage.runs.start("--interval", "4ms", "--for", "75s", "--shipments", "32")
    time.sleep(5)
    took = release.scale("fleet", 3)
    yield f"three pods ready after {took:.1f} s"
    # New replicas are taken in within 10 s; from then on the shares count.
    time.sleep(12)
    before = answered(release)
    time.sleep(30)
    after = answered(release)
    shares = sorted(after[pod] - before.get(pod, 0) for pod in after)
    mean = sum(shares) / len(shares)
    yield f"batches by pod in 30 s: {', '.join(f'{share:.0f}' for share in shares)}"
    yield f"the busiest has {shares[-1] / mean:.2f} times the mean"
    expect(shares[-1] <= 1.2 * mean, "the busiest pod has more than 1.2 times the mean")
    stage.runs.wait(run_id)
    plans = stage.runs.settled_once(run_id)
    yield f"{len(plans.plans)} batches, each settled once; p99 {percentile(plans.latencies(), 99):.0f} ms"
    release.scale("fleet", 2)


def answered(release):
    """Batches that each pod of the fleet service has settled."""
    name = 'waybill_fleet_batches_total{outcome="settled"}'
    return {pod["metadata"]["name"]: release.metrics(pod)[name] for pod in release.pods("fleet")}


@act("autoscaling under load")
def autoscale(stage):
    release = stage.release
    if not succeeds(["kubectl", "top", "nodes"]):
        yield "skipped: the cluster has no metrics server"
        return
    values = ["fleet.autoscaling.enabled=true", "fleet.autoscaling.minReplicas=1", "fleet.autoscaling.maxReplicas=3"]
    values += ["fleet.autoscaling.targetCPUUtilization=50", "fleet.autoscaling.scaleDown.stabilizationSeconds=10"]
    values += ["fleet.autoscaling.scaleDown.podsPerMinute=4"]
    release.upgrade(*stage.values, "--set", ",".join(values))
    release.kubectl("scale", release.workload("fleet"), "--replicas=1")
    run_id = stage.runs.start("--interval", "10ms", "--for", "90s", "--shipments", "2000", "--drivers", "2000")
    _, took = until("a second pod by the autoscaler", lambda: len(release.pods("fleet")) > 1, within=85)
    yield f"the autoscaler added pods after {took:.0f} s of load"
    stage.runs.wait(run_id, within=240)
    plans = stage.runs.settled_once(run_id)
    yield f"{len(plans.plans)} batches of 2,000 by 2,000, each settled once"
    # The number of pods is the autoscaler's until it is taken from it: see the chart's UPGRADING.md.
    release.upgrade(*stage.values, "--force-conflicts")


@act("rolling restart of all three parts at a steady load")
def restart(stage):
    release = stage.release
    calm = stage.runs.start("--interval", "10ms", "--for", "15s")
    stage.runs.wait(calm)
    calm = percentile(stage.runs.settled_once(calm).latencies(), 99)
    # The caller is in the cluster, as callers are: its connection is not a port-forward's.
    caller = ["run", "start", "--interval", "10ms", "--for", "75s", "--wait", "--format", "json"]
    release.job("caller", *caller, "--producer", f"http://{release.name}-producer:{PORTS['producer']}")
    until("the caller's run", lambda: release.json("get", "job", "caller")["status"].get("active"), within=30)
    time.sleep(5)
    for part in ("fleet", "analytics", "producer"):
        yield f"{part} restarted in {release.restart(part):.1f} s"
    said = release.job_ends("caller", within=180)
    run = json.loads(said[said.index("{") :])
    expect(int(run["batchesSettled"]) == int(run["batchesSent"]), "the caller saw batches that are not settled")
    plans = stage.runs.settled_once(run["runId"])
    p99 = percentile(plans.latencies(), 99)
    yield f"{len(plans.plans)} batches, each settled once, no error at the caller"
    yield f"p99 {p99:.0f} ms, {p99 - calm:.0f} ms more than in calm; longest time without a plan {plans.longest_gap():.1f} s"


@act("a node that loses power, and one that is cut off and healed")
def nodes(stage):
    if not stage.cluster.can_fail_nodes:
        yield "skipped: nodes of this cluster cannot be failed from here"
        return
    release, node = stage.release, stage.nodes[1]
    # One pod of the fleet service on each node.
    until("a pod of fleet on each node", lambda: on_nodes(release) == set(stage.nodes[:2]) or respread(release), within=90, every=5)
    for verb, undo in (("stop", "start"), ("cut", "heal")):
        run_id = stage.runs.start("--interval", "20ms", "--for", "60s")
        time.sleep(5)
        stage.cluster.node(node, verb)
        time.sleep(30)
        stage.cluster.node(node, undo)
        stage.runs.wait(run_id, within=240)
        plans = stage.runs.settled_once(run_id)
        gap, slowest = plans.longest_gap(), plans.latencies()[-1] / 1000
        yield f"{node} {verb}: {len(plans.plans)} batches, each settled once; longest time without an ack {gap:.1f} s"
        yield f"the slowest, one that was at {node}, took {slowest:.1f} s"
        most = DETECTION + SECOND_THOUGHT
        expect(max(gap, slowest) <= most, f"{gap:.1f} s without an ack, {slowest:.1f} s for a batch, more than {most}")
        release.ready("fleet", 2)


def on_nodes(release):
    return {pod["spec"].get("nodeName") for pod in release.pods("fleet")}


def respread(release):
    """Has the pods placed anew. False, so that the waiting goes on."""
    release.restart("fleet")
    return False


@act("an upgrade from the chart of the last release, with its data")
def upgrade(stage):
    release = stage.release
    with release.service("analytics") as address:
        before = summary(address)
    tag = output(["git", "-C", clusters.ROOT, "describe", "--tags", "--abbrev=0"], check=False).strip()
    if tag:
        old = clusters.ROOT / "target" / "e2e" / tag
        run(["git", "-C", clusters.ROOT, "worktree", "add", "--force", "--detach", old, tag])
        try:
            release.upgrade(*stage.values, chart=old / "helm" / "waybill")
        finally:
            run(["git", "-C", clusters.ROOT, "worktree", "remove", "--force", old])
    else:
        yield "there is no release yet: the chart is upgraded from itself, with other values"
    took = release.upgrade(*stage.values, "--set", "logLevel=debug", "--set", "fleet.settings.solver-threads=1")
    with release.service("analytics") as address:
        after = summary(address)
    expect(after == before, f"{after} after the upgrade, {before} before")
    yield f"upgraded in {took:.1f} s, {after['plans']} plans as before"


def summary(address):
    said = grpcurl(address, "waybill.analytics.v1.AnalyticsService/GetSummary", {})
    return {"plans": said.get("plans"), "total": said.get("total")}


@act("what may connect, and what may not")
def policies(stage):
    release = stage.release
    name = release.name
    listing = ["run", "list", "--producer", f"http://{name}-producer:{PORTS['producer']}"]
    release.job("client", *listing)
    release.job_ends("client", within=60)
    yield "a pod with the client's label reaches the producer"
    release.job("stranger", *listing, labels={})
    stranger = succeeds_as_job(release, "stranger")
    expect(not stranger, "a pod without the label reaches the producer")
    yield "a pod without it does not"
    release.job("ops", "check", "--producer", f"http://{name}-producer:9081")
    expect(not succeeds_as_job(release, "ops"), "a client reaches the ops port")
    yield "the ops ports are closed to both"


def succeeds_as_job(release, name):
    try:
        release.job_ends(name, within=90)
        return True
    except Failed as failed:
        expect("does not answer" in str(failed) or "not within" in str(failed), str(failed))
        return False


@act("PostgreSQL, with three pods of analytics and a restart of the database")
def database(stage):
    with postgres.server(stage.cluster.host) as server:
        if server is None:
            yield "skipped: no PostgreSQL that the cluster can reach"
            return
        release = Release("pg", NAMESPACE, stage.cluster.image)
        secret = ["create", "secret", "generic", "pg-password", f"--from-literal=password={server.password}"]
        release.kubectl(*secret)
        values = ["analytics.store.kind=postgres", f"analytics.store.postgres.url={server.url}"]
        values += ["analytics.store.postgres.existingSecret=pg-password", "analytics.replicas=3"]
        values += ["fleet.autoscaling.enabled=false", "fleet.replicas=2"]
        took = release.upgrade("--set", ",".join(values))
        yield f"three pods of analytics ready after {took:.1f} s"
        runs = Runs(release)
        run_id = runs.start("--interval", "10ms", "--for", "40s")
        time.sleep(10)
        server.restart()
        runs.wait(run_id, within=180)
        plans = runs.settled_once(run_id)
        yield f"{len(plans.plans)} batches over a restart of the database, each settled once"
        yield f"longest time without a plan {plans.longest_gap():.1f} s"
        release.uninstall()
        release.kubectl("delete", "secret", "pg-password")


@act("tilt ci")
def tilt(stage):
    if not (TOOLS / "tilt").exists():
        yield "skipped: tilt is not installed"
        return
    # The binary of the image, which is there already: the build is not what is tried here.
    settings = ["--profile", "release", "--namespace", f"{NAMESPACE}-tilt", "--context", output(["kubectl", "config", "current-context"]).strip()]
    if (TOOLS / "jaeger").exists():
        run([clusters.ROOT / "scripts" / "e2e" / "jaeger-image"])
        settings += ["--jaeger-image", "localhost/jaeger:dev"]
    else:
        yield "without Jaeger, which is not in target/tools"
        settings += ["--no-jaeger"]
    began = time.monotonic()
    words = ["env", "TILT_WEB_MODE=prod", f"PATH={TOOLS}:{os.environ['PATH']}", TOOLS / "tilt", "ci"]
    tiltfile = ["--file", clusters.ROOT / "Tiltfile", "--port", "0"]
    said = output([*words, *tiltfile, "--", *settings], timeout=1200)
    yield f"green after {time.monotonic() - began:.0f} s"
    for line in said.splitlines():
        if "trace  " in line or "batch  " in line:
            yield line.split("│")[-1].strip()
    run(["kubectl", "delete", "namespace", f"{NAMESPACE}-tilt", "--timeout", "120s"])
    stage.cluster.reclaim(f"{NAMESPACE}-tilt")


@act("uninstall leaves nothing but volumes")
def uninstall(stage):
    release = stage.release
    release.uninstall()
    kinds = "all,configmaps,secrets,serviceaccounts,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,ingresses"
    selector = f"app.kubernetes.io/instance={release.name}"
    left = lambda: release.json("get", kinds, "--selector", selector)["items"]
    until("everything to be gone", lambda: not left(), within=60)
    claims = release.json("get", "persistentvolumeclaims")["items"]
    # The release on PostgreSQL had left one too.
    names = sorted(name for claim in claims if (name := claim["metadata"]["name"]).startswith(f"data-{release.name}-"))
    expect(names == [f"data-{release.name}-analytics-0", f"data-{release.name}-producer-0"], f"volumes: {names}")
    yield f"left: {', '.join(names)}"


def play(stage, chosen):
    failed = []
    for name, title, act in ACTS:
        if chosen and name not in chosen:
            continue
        say(f"── {title}")
        began = time.monotonic()
        try:
            for figure in act(stage):
                say(f"   {figure}")
        except (Failed, subprocess.TimeoutExpired, KeyError, ValueError) as error:
            say(f"   FAILED: {error}")
            print(stage.release.trouble(), flush=True)
            failed.append(name)
            # What follows would only fail with it.
            break
        say(f"   {time.monotonic() - began:.0f} s")
    return failed


def clear(stage):
    """Nothing of this or an earlier story is left."""
    stage.release.remove_namespace()
    stage.cluster.reclaim(NAMESPACE)


def main(arguments):
    keep = "--keep" in arguments
    chosen = [argument for argument in arguments if argument != "--keep"]
    unknown = set(chosen) - {name for name, _, _ in ACTS}
    if unknown:
        say(f"no act {', '.join(sorted(unknown))}; there are {', '.join(name for name, _, _ in ACTS)}")
        return 2
    cluster = clusters.find()
    if cluster is None:
        return 0
    began = time.monotonic()
    say(f"on {cluster}")
    try:
        cluster.load()
        stage = Stage(cluster)
        clear(stage)
        stage.release.make_namespace()
        failed = play(stage, chosen)
        if not keep:
            clear(stage)
    finally:
        if not keep:
            cluster.close()
    say(f"{'failed: ' + failed[0] if failed else 'all acts passed'}, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
