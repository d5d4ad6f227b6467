import { describe, expect, it } from "vitest";
import { tail } from "./cells.js";
import { meant, planName } from "./run-ids.js";

const one = "01a21c2b-9e23-7202-ae00-6c3d2eddf7fa";
const two = "01a21c2d-7362-72e0-b418-1609098ccbc0";

describe("a run", () => {
  it("is meant by what a table shows of it, and by how its id begins", () => {
    expect(meant(tail(one), [one, two])).toEqual({ id: one });
    expect(meant("1609098ccbc0", [one, two, two])).toEqual({ id: two });
    expect(meant(" 01A21C2D ", [one, two])).toEqual({ id: two });
    expect(meant("01a21c2d…", [one, two])).toEqual({ id: two });
  });

  it("is not guessed", () => {
    expect(meant("01a2", [one, two])).toEqual({ runs: 2 });
    expect(meant("7202", [one, two])).toEqual({ runs: 0 });
    expect(meant("…", [one, two])).toEqual({ runs: 2 });
  });
});

it("takes a plan's number and its batch's id as they are shown", () => {
  expect(["Plan 1,234", "1234", "…003f0c8b0f0c ", " 01a21cf3-e71c-7000-8000-003f0c8b0f0c"].map(planName)).toEqual([
    "1234",
    "1234",
    "003f0c8b0f0c",
    "01a21cf3-e71c-7000-8000-003f0c8b0f0c",
  ]);
});
