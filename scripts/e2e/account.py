"""The books of a run: every batch settled once, and when."""

import datetime
import json
import uuid

from release import WAYBILL
from shell import expect, output


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
