import { describe, expect, it } from "vitest";
import { Link, whole } from "./link.js";

const clock = (time: number) => `t${time}`;

describe("the state of the connection", () => {
  it("is live with the first message, and says since when it is stale after the last", () => {
    const link = new Link(0, () => 1);
    expect(link.words(0, clock).text).toBe("connecting");
    link.message(10);
    expect(link.words(11, clock)).toEqual({ state: "live", text: "live" });
    link.lost(20);
    expect(link.words(20, clock).state).toBe("stale");
    expect(whole(link.words(20, clock))).toBe("reconnecting in 1 s, stale since t10");
    link.connecting(600);
    expect(link.words(600, clock).text).toBe("reconnecting, stale since t10");
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
    expect(link.words(20, clock)).toEqual({ state: "paused", text: "paused while hidden, stale since t10" });
    expect([link.due(99_999), link.silent(99_999)]).toEqual([false, false]);
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

  it("leaves the countdown out of what is read aloud", () => {
    const link = new Link(0, () => 1);
    link.message(0);
    link.lost(1);
    expect(link.words(1, clock).text).toBe(link.words(300, clock).text);
  });

  it("takes three missing heartbeats for the end of the stream", () => {
    const link = new Link(0);
    link.message(0, 1000);
    expect(link.silent(3000)).toBe(false);
    expect(link.silent(3001)).toBe(true);
    link.lost(3001);
    expect(link.silent(99_999)).toBe(false);
  });
});
