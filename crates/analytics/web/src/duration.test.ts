import { expect, it } from "vitest";
import { long, parseMillis, wire } from "./duration.js";

it("reads times as people write them", () => {
  expect(["500ms", "2s", "1.5 s", "1h30m", "1d"].map(parseMillis)).toEqual([
    500, 2_000, 1_500, 5_400_000, 86_400_000,
  ]);
  for (const text of ["", "2", "two", "-2s", "2s x", "s", "1,5s"]) {
    expect(parseMillis(text), text).toBeUndefined();
  }
});

it("puts them on the wire exactly", () => {
  expect(wire(1_500)).toEqual({ seconds: 1n, nanos: 500_000_000 });
  expect(wire(0.25)).toEqual({ seconds: 0n, nanos: 250_000 });
});

it("tells long times in two units", () => {
  expect([250, 2_500, 59_400, 725_000, 3_600_000, 273_600_000].map(long)).toEqual([
    "250 ms", "2.5 s", "59 s", "12 min 5 s", "1 h", "3 d 4 h",
  ]);
});
