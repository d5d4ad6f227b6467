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

/** Messages travel in binary form alone here: nothing reads or writes them as JSON. */
const withoutJson: Plugin = {
  name: "without-json",
  apply: "build",
  load: (id) => {
    const [, of] = /@bufbuild\/protobuf\/.*\/(from|to)-json\.js$/.exec(id) ?? [];
    if (of === undefined) return null;
    const names = of === "to" ? ["toJson", "toJsonString", "enumToJson"] : ["fromJson", "fromJsonString", "mergeFromJson", "mergeFromJsonString", "enumFromJson", "isEnumJson"];
    const absent = "() => { throw new Error('there is no JSON of messages here'); }";
    return names.map((name) => `export const ${name} = ${absent};`).join("\n");
  },
};

/** The relay is an entry of its own, which shares its code with the page; the page is told where it is. */
const relay: Plugin = {
  name: "relay",
  apply: "build",
  buildStart() {
    this.emitFile({ type: "chunk", id: "src/worker.ts", name: "relay" });
  },
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle }) => {
      const chunk = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && file.name === "relay");
      if (chunk === undefined) throw new Error("the relay was not built");
      return [{ tag: "meta", attrs: { name: "relay", content: `/${chunk.fileName}` }, injectTo: "head" }];
    },
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
  plugins: [inTheChosenColours, withoutJson, relay, precompressed],
  build: {
    target: "es2022",
    // Everything is a file of its own origin: the page's policy permits nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    outDir: DIST,
  },
});
