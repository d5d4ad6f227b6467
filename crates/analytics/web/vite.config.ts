import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const DIST = "dist";

/** Nothing is drawn before the chosen colours are known. */
const inTheChosenColours: Plugin = {
  name: "in-the-chosen-colours",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

/** Each asset also as .br and .gz, as small as they get, for analytics to choose by Accept-Encoding. */
const precompressed: Plugin = {
  name: "precompressed",
  apply: "build",
  async closeBundle() {
    const names = await readdir(DIST, { recursive: true });
    for (const name of names.filter((name) => /\.(js|css|svg|html)$/.test(name))) {
      const path = join(DIST, name);
      const content = await readFile(path);
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      };
      await writeFile(`${path}.br`, brotliCompressSync(content, { params }));
      await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [inTheChosenColours, precompressed],
  build: {
    target: "es2022",
    // Everything is a file of its own origin: the page's policy permits nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    outDir: DIST,
  },
});
