import { describe, expect, it } from "vitest";
import { Link, silent, whole, words } from "./link.js";

const clock = (time: number) => `t${time}`;

describe("the state of the connection", () => {
  it("is live with the first message, and says since when it is stale after the last", () => {
    const link = new Link(0, () => 1);
    expect(words(link.state, 0, clock).text).toBe("connecting");
    link.message(10);
    expect(words(link.state, 11, clock)).toEqual({ state: "live", text: "live" });
    link.lost(20);
    expect(words(link.state, 20, clock).state).toBe("stale");
    expect(whole(words(link.state, 20, clock))).toBe("reconnecting in 1 s, stale since t10");
    link.connecting(600);
    expect(words(link.state, 600, clock).text).toBe("reconnecting, stale since t10");
  });

  it("waits longer each time, up to a limit, and begins again after progress only", () => {
    const link = new Link(0, () => 1);
    const waits = [];
    for (let i = 0; i < 8; i++) {
      link.lost(0);
      let now = 0;
      while (!link.due(now)) now += 100;
      waits.push(now);
      link.connecting(now);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    link.message(0);
    link.lost(0);
    expect(link.due(500)).toBe(true);
  });

  it("spreads its tries by chance", () => {
    const link = new Link(0, () => 0.25);
    link.lost(0);
    expect(link.due(124)).toBe(false);
    expect(link.due(125)).toBe(true);
  });

  it("is paused while nobody looks, and goes on at once when somebody does", () => {
    const link = new Link(0, () => 1);
    link.message(10);
    link.pause();
    expect(words(link.state, 20, clock)).toEqual({ state: "paused", text: "paused while hidden, stale since t10" });
    expect([link.due(99_999), silent(link.state, 99_999)]).toEqual([false, false]);
    link.hurry(100_000);
    expect(link.due(100_000)).toBe(true);
  });

  it("does not wait for a countdown when the network is back", () => {
    const link = new Link(0, () => 1);
    link.lost(0);
    expect(link.due(10)).toBe(false);
    link.hurry(10);
    expect(link.due(10)).toBe(true);
  });

  it("does not try again at once for every reason there is", () => {
    const link = new Link(0, () => 1);
    for (let i = 0; i < 4; i++) link.lost(0);
    link.connecting(1000);
    link.lost(1100);
    for (const now of [1200, 1300]) link.hurry(now);
    expect([link.due(1999), link.due(2000)]).toEqual([false, true]);
  });

  it("leaves the countdown out of what is read aloud", () => {
    const link = new Link(0, () => 1);
    link.message(0);
    link.lost(1);
    expect(words(link.state, 1, clock).text).toBe(words(link.state, 300, clock).text);
  });

  it("takes three missing heartbeats for the end of the stream, and claims to be live no longer than that", () => {
    const link = new Link(0);
    link.message(0, 1000);
    expect(silent(link.state, 3000)).toBe(false);
    expect(words(link.state, 3000, clock).text).toBe("live");
    expect(silent(link.state, 3001)).toBe(true);
    expect(words(link.state, 3001, clock)).toEqual({ state: "stale", text: "reconnecting, stale since t0" });
    link.lost(3001);
    expect(silent(link.state, 99_999)).toBe(false);
  });

  it("gives a first message longer to come: a slow network is not a dead one", () => {
    const link = new Link(0);
    link.message(0, 1000);
    link.lost(0);
    link.connecting(5000);
    expect(silent(link.state, 15_000)).toBe(false);
    expect(silent(link.state, 15_001)).toBe(true);
  });
});
