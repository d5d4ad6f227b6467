import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    // Everything is a file of its own origin: the page's policy permits nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "profile.html"] },
  },
});
