import { expect, it } from "vitest";
import { bytes } from "./cells.js";
import { traceAddress, used } from "./deployment.js";

it("knows where a trace is looked at only where a viewer is known", () => {
  expect(traceAddress("http://j:16686/trace/{trace_id}", "ab12")).toBe("http://j:16686/trace/ab12");
  expect(traceAddress("http://j/{trace_id}?again={trace_id}", "ab12")).toBe("http://j/ab12?again=ab12");
  expect(traceAddress(null, "ab12")).toBeUndefined();
  expect(traceAddress("http://j:16686/trace/{trace_id}", "")).toBeUndefined();
});

it("says how much of its credit a stream uses, where that is known", () => {
  expect(used(3, 1024, String)).toBe("3 of 1024");
  expect(used(3, null, String)).toBe("3");
  expect(used(0, 67_108_864, bytes)).toBe("0 B of 64 MiB");
  expect([bytes(1023), bytes(1024), bytes(1_536_000), bytes(2 ** 40)]).toEqual(["1,023 B", "1 KiB", "1.5 MiB", "1,024 GiB"]);
});
