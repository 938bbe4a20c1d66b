// Bundles the page into crates/noble/assets/explorer, from where the program embeds it.
import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";

const out = new URL("../crates/noble/assets/explorer/", import.meta.url).pathname;
await mkdir(out, { recursive: true });
await build({
  entryPoints: { app: "src/main.ts" },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline",
  outdir: out,
});
await build({ entryPoints: { app: "src/app.css" }, bundle: true, minify: true, outdir: out });
await copyFile("src/index.html", `${out}index.html`);
