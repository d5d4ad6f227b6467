import { describe, expect, it } from "vitest";
import { Hub, type FromRelay } from "./hub.js";
import { Link } from "./link.js";
import { ROWS } from "./recent.js";

const link = new Link(0).state;

/** Plans of one byte sequence each, so that it can be told which came. */
function record(hub: Hub<string>, first: number, last: number, gap = false): void {
  for (let i = first; i <= last; i++) hub.plan(BigInt(i), Uint8Array.of(i >> 8, i & 255), gap && i === first);
}

function came({ plans }: FromRelay): number[] {
  return plans.map(([high = 0, low = 0]) => high * 256 + low);
}

describe("the hub of the windows", () => {
  it("gives each window every plan once, from its own cursor", () => {
    const hub = new Hub<string>();
    record(hub, 1, 3);
    hub.ask("fast", 0n, -1, 0);
    hub.ask("slow", 2n, -1, 0);
    const first = new Map(hub.answers(link, 0));
    expect([...first].map(([window, answer]) => [window, came(answer)])).toEqual([["fast", [1, 2, 3]], ["slow", [3]]]);

    // One has asked again, the other is still busy with what it got.
    hub.ask("fast", 3n, first.get("fast")?.version ?? -1, 1);
    expect(hub.answers(link, 1)).toEqual([]);
    record(hub, 4, 5);
    expect(hub.answers(link, 1).map(([window, answer]) => [window, came(answer)])).toEqual([["fast", [4, 5]]]);
    record(hub, 6, 6);
    hub.ask("slow", 3n, first.get("slow")?.version ?? -1, 2);
    expect(hub.answers(link, 2).map(([window, answer]) => [window, came(answer)])).toEqual([["slow", [4, 5, 6]]]);
  });

  it("gives a window that begins what its table takes", () => {
    const hub = new Hub<string>();
    record(hub, 1, ROWS + 50);
    hub.ask("new", 0n, -1, 0);
    const [[, answer] = ["", undefined]] = hub.answers(link, 0);
    expect(answer === undefined ? [] : came(answer)).toEqual(Array.from({ length: ROWS }, (_, i) => i + 51));
  });

  it("keeps nothing from before a gap, so that a window learns of it by the sequence", () => {
    const hub = new Hub<string>();
    record(hub, 1, 3);
    record(hub, 10, 11, true);
    hub.ask("a", 2n, -1, 0);
    expect(hub.answers(link, 0).map(([, answer]) => came(answer))).toEqual([[10, 11]]);
  });

  it("tells a window of another store that it is further than the store is", () => {
    const hub = new Hub<string>();
    record(hub, 1, 9);
    hub.otherStore(2n);
    hub.heartbeat(2n);
    hub.ask("a", 9n, -1, 0);
    const [[, answer] = ["", undefined]] = hub.answers(link, 0);
    expect(answer).toMatchObject({ newest: 2n, whole: true, plans: [] });
  });

  it("takes no window for one of another store while it catches up itself", () => {
    const hub = new Hub<string>();
    record(hub, 101, 150);
    hub.ask("was with another relay", 290n, -1, 0);
    expect(hub.answers(link, 0).map(([, { newest, plans }]) => [newest, plans])).toEqual([[undefined, []]]);
    record(hub, 151, 300);
    hub.heartbeat(300n);
    hub.ask("was with another relay", 290n, -1, 1);
    expect(hub.answers(link, 1).map(([, answer]) => [answer.newest, came(answer).length])).toEqual([[300n, 10]]);
  });

  it("takes no window for one of another store by what it knew before a pause", () => {
    const hub = new Hub<string>();
    record(hub, 1, 9);
    hub.heartbeat(9n);
    hub.resumed();
    hub.ask("was with another relay", 20n, -1, 0);
    expect(hub.answers(link, 0).map(([, { newest, whole }]) => [newest, whole])).toEqual([[undefined, false]]);
  });

  it("says at least once a second that it is there", () => {
    const hub = new Hub<string>();
    hub.heartbeat(0n);
    hub.ask("a", 0n, -1, 0);
    const [[, answer] = ["", undefined]] = hub.answers(link, 0);
    hub.ask("a", 0n, answer?.version ?? -1, 10);
    expect(hub.answers(link, 1_009)).toEqual([]);
    expect(hub.answers(link, 1_010)).toHaveLength(1);
  });

  it("is watched until the last window has left, or was not heard of any more", () => {
    const hub = new Hub<string>();
    expect(hub.watched(0)).toBe(false);
    hub.ask("left", 0n, -1, 0);
    hub.ask("crashed", 0n, -1, 0);
    hub.leave("left");
    // Nothing was owed to anybody yet: a window that waits is there.
    expect(hub.watched(99_000)).toBe(true);
    hub.answers(link, 99_000);
    expect(hub.watched(109_000)).toBe(true);
    expect(hub.watched(109_001)).toBe(false);
  });
});
