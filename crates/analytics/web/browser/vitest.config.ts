import { defineConfig } from "vitest/config";

// One real browser and real services, one story after the other.
export default defineConfig({
  test: {
    include: ["browser/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
