import { expect, test } from "vitest";
import { traceparent } from "./trace.js";

test("a call begins a trace of its own, in the form of W3C", () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, place) => place + 1);
  expect(traceparent(bytes)).toBe("00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01");
  expect(traceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(traceparent()).not.toBe(traceparent());
});
