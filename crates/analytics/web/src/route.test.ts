import { describe, expect, it } from "vitest";
import { address, parse, planAddress } from "./route.js";

describe("an address", () => {
  it("leads to its view, with what it asks", () => {
    expect(parse("/", "")).toEqual({ view: "plans", query: {} });
    expect(parse("/drivers", "?day=2026-05-01&driver=")).toEqual({
      view: "drivers",
      query: { day: "2026-05-01" },
    });
    expect(parse("/profile", "").view).toBe("about");
  });

  it("keeps an id whatever characters it has", () => {
    const id = "a/b?c#d %é";
    expect(parse(planAddress(id), "")).toEqual({ view: "plan", id, query: {} });
    expect(parse("/plan/%E0%A4%A", "")).toMatchObject({ view: "plan", id: "%E0%A4%A" });
  });

  it("that means nothing leads nowhere", () => {
    for (const path of ["/plan", "/plan/", "/plan/a/b", "/constructor", "/nothing"]) {
      expect(parse(path, "").view, path).toBe("nowhere");
    }
  });

  it("leaves out what is not asked", () => {
    expect(address("/drivers", { driver: "", day: undefined })).toBe("/drivers");
    expect(address("/driver", { name: "Ann & <b>" })).toBe("/driver?name=Ann+%26+%3Cb%3E");
  });
});
