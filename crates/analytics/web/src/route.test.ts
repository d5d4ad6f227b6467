import { describe, expect, it } from "vitest";
import { address, parse, planAddress } from "./route.js";

describe("an address", () => {
  it("leads to its view, with what it asks", () => {
    expect(parse("/", "")).toEqual({ view: "plans", query: {} });
    expect(parse("/drivers", "?day=2026-05-01&driver=")).toEqual({
      view: "drivers",
      query: { day: "2026-05-01" },
    });
    expect(["/profile", "/about"].map((path) => parse(path, "").view)).toEqual(["about", "about"]);
  });

  it("has an id as it is written", () => {
    const id = "01a21c2b-9e23-7202-ae00-6C3D2EDDF7FA";
    expect(parse(planAddress(id), "")).toEqual({ view: "plan", id, query: {} });
    expect(parse(`/run/${id}`, "")).toEqual({ view: "run", id, query: {} });
  });

  it("with something else than an id says what that is", () => {
    const text = "a/b?c#d %é";
    expect(parse(planAddress(text), "")).toEqual({ view: "no id", of: "plan", text, query: {} });
    expect(parse("/plan/%E0%A4%A", "")).toMatchObject({ view: "no id", text: "%E0%A4%A" });
    for (const near of ["01a21c2b9e237202ae006c3d2eddf7fa", "01a21c2b-9e23-7202-ae00-6c3d2eddf7fg", "…6c3d2eddf7fa"]) {
      expect(parse(`/run/${near}`, "").view, near).toBe("no id");
    }
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
