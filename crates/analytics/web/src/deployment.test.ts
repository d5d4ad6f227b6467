import { expect, it } from "vitest";
import { bytes } from "./cells.js";
import { away, streamState, traceAddress, used } from "./deployment.js";

it("knows where a trace is looked at only where a viewer is known", () => {
  expect(traceAddress("http://j:16686/trace/{trace_id}", "ab12")).toBe("http://j:16686/trace/ab12");
  expect(traceAddress("http://j/{trace_id}?again={trace_id}", "ab12")).toBe("http://j/ab12?again=ab12");
  expect(traceAddress(null, "ab12")).toBeUndefined();
  expect(traceAddress("http://j:16686/trace/{trace_id}", "")).toBeUndefined();
});

it("says of what is away since when, and why", () => {
  const now = new Date("2026-11-27T14:10:00Z");
  const since = "2026-11-27T14:02:11Z";
  expect(away("serving", null, now)).toBe("serving");
  expect(away("not reached: Unavailable: refused", since, now)).toBe("not reached since 14:02:11: Unavailable: refused");
  expect(away("not reached", "2026-11-26T14:02:11Z", now)).toBe("not reached since 2026-11-26 14:02:11");
  const state = (open: boolean | null, trouble: string | null, since: string | null): string => streamState({ open, trouble, since }, now);
  expect(state(true, null, null)).toBe("open");
  expect(state(false, null, since)).toBe("lost since 14:02:11");
  expect(state(false, "Unavailable: refused", since)).toBe("lost since 14:02:11: Unavailable: refused");
  expect(state(false, "Unavailable: refused", null)).toBe("not open: Unavailable: refused");
  expect(state(null, "the producer does not answer", since)).toBe("not known since 14:02:11: the producer does not answer");
});

it("says how much of its credit a stream uses, where that is known", () => {
  expect(used(3, 1024, String)).toBe("3 of 1024");
  expect(used(3, null, String)).toBe("3");
  expect(used(0, 67_108_864, bytes)).toBe("0 B of 64 MiB");
  expect([bytes(1023), bytes(1024), bytes(1_536_000), bytes(2 ** 40)]).toEqual(["1,023 B", "1 KiB", "1.5 MiB", "1,024 GiB"]);
});
