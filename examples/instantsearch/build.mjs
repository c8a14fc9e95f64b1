// Bundles the page into a folder; with --serve it also serves it and rebuilds on every change.
//
//   MERCATO=http://localhost:8000 npm start
//   node build.mjs --out some/folder

import { cpSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { context } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({
  options: {
    serve: { type: "boolean", default: false },
    port: { type: "string", default: "5173" },
    out: { type: "string", default: `${here}dist` },
  },
});

mkdirSync(values.out, { recursive: true });
for (const name of ["index.html", "style.css"]) cpSync(here + name, `${values.out}/${name}`);

const bundle = await context({
  entryPoints: [`${here}app.js`],
  bundle: true,
  minify: true,
  sourcemap: values.serve,
  outfile: `${values.out}/app.js`,
  define: {
    MERCATO: JSON.stringify(process.env.MERCATO ?? "http://localhost:8000"),
    "process.env.NODE_ENV": '"production"',
  },
});

await bundle.rebuild();
if (values.serve) {
  await bundle.watch();
  const { port } = await bundle.serve({ servedir: values.out, port: Number(values.port) });
  console.log(`http://localhost:${port}`);
} else {
  await bundle.dispose();
}
