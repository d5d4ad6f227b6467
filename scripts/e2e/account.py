"""The books of a run: every batch settled once, and when."""

import datetime
import json
import subprocess
import time
import uuid

from release import TOOLS, WAYBILL
from shell import Failed, expect, output

# Seconds for which a run is watched through one forwarded port.
WATCHED = 45


class Runs:
    """The runs of a release, as its callers see them."""

    def __init__(self, release):
        self._release = release

    def start(self, *arguments):
        """Starts a run through the producer's Service: its id."""
        with self._release.service("producer") as address:
            words = [WAYBILL, "run", "start", *arguments, "--format", "json", "--producer", f"http://{address}"]
            return json.loads(output(words))["runId"]

    def wait(self, run_id, within=180):
        """Waits for the end of a run: the run. Every batch of it must be settled."""
        deadline = time.monotonic() + within
        while True:
            # A forwarded port does not outlive its connection to the node, where the service does: look through a new one.
            with self._release.service("producer") as address:
                words = [WAYBILL, "run", "watch", run_id, "--format", "json", "--producer", f"http://{address}"]
                try:
                    return json.loads(output(words, timeout=WATCHED).splitlines()[-1])
                except subprocess.TimeoutExpired:
                    if time.monotonic() > deadline:
                        raise Failed(f"run {run_id} has not ended within {within} s") from None

    def settled_once(self, run_id, count=None):
        """The plans of a run, of which each batch has one."""
        with self._release.service("producer") as address:
            run = grpcurl(address, "waybill.producer.v1.ProducerService/GetRun", {"runId": run_id})
        sent, settled = int(run["batchesSent"]), int(run.get("batchesSettled", 0))
        expect(sent == settled, f"{settled} of {sent} batches are settled")
        expect(int(run.get("batchesRejected", 0)) == 0, f"{run.get('batchesRejected')} batches were rejected")
        if count is not None:
            expect(sent == count, f"{sent} batches were sent, not {count}")
        with self._release.service("analytics") as address:
            plans = Plans(address, run_id)
        plans.settled_once(sent)
        return plans


class Plans:
    """All plans that analytics has of a run."""

    def __init__(self, analytics, run_id):
        words = [WAYBILL, "plans", "--run", run_id, "--limit", "1000000", "--format", "json"]
        plans = json.loads(output([*words, "--analytics", f"http://{analytics}"]))
        self.plans = sorted(plans.get("plans", []), key=lambda plan: int(plan["sequence"]))

    def settled_once(self, count):
        """Every batch of the run has one plan, and no other has one."""
        batches = {plan["batchId"] for plan in self.plans}
        expect(len(self.plans) == len(batches), f"{len(self.plans)} plans of {len(batches)} batches: some twice")
        expect(len(batches) == count, f"{len(batches)} batches have a plan, not {count}")

    def latencies(self):
        """From when each batch fell due until its plan was durable, in ms, ascending.

        The time of falling due stands in the batch's id (a UUIDv7)."""
        return sorted(recorded(plan) - due(plan) for plan in self.plans)

    def longest_gap(self):
        """The longest time without a new plan, in seconds."""
        times = [recorded(plan) for plan in self.plans]
        return max(later - earlier for earlier, later in zip(times, times[1:])) / 1000


def due(plan):
    return uuid.UUID(plan["batchId"]).int >> 80


def recorded(plan):
    text = plan["recordTime"].replace("Z", "+00:00")
    head, _, zone = text.partition("+")
    whole, _, fraction = head.partition(".")
    moment = datetime.datetime.fromisoformat(f"{whole}+{zone}")
    return moment.timestamp() * 1000 + float(f"0.{fraction or 0}") * 1000


def percentile(ascending, share):
    """The smallest value that at least this share of all do not exceed."""
    return ascending[max(0, -(-len(ascending) * share // 100) - 1)] if ascending else float("nan")


def grpcurl(address, method, request):
    """The answer to one call."""
    words = [TOOLS / "grpcurl", "-plaintext", "-d", json.dumps(request), address, method]
    return json.loads(output(words))
