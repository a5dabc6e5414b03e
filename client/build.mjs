// Builds the browser code and styles into static/<build hash>/ and writes static/manifest.json,
// which maps logical names ("app.js") to paths below /static/ ("3f2a…/app.js").
//
//   node client/build.mjs            production build, with .br files for the server
//   node client/build.mjs --watch    rebuilds after every change, not compressed
import { createHash } from "node:crypto";
import { existsSync, watch } from "node:fs";
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants as zlib } from "node:zlib";
import * as esbuild from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STATIC = join(ROOT, "static");
const STUBS = join(ROOT, "client", "stubs");
const CORNERSTONE = join(ROOT, "node_modules", "@cornerstonejs");

// Entry name -> source. A page's entry appears as soon as its file does.
const ENTRIES = {
  app: "client/app.ts",
  "app-style": "client/styles/app.css",
  upload: "client/upload.ts",
  "upload-headers": "client/upload/headers.worker.ts",
  search: "client/search.ts",
  entrance: "client/entrance.ts",
  idle: "client/idle.ts",
  "lock-style": "client/styles/lock.css",
  overview: "client/overview.ts",
  discussion: "client/discussion.ts",
  bell: "client/bell.ts",
  notices: "client/notices.ts",
  wishes: "client/wishes.ts",
  "push-worker": "client/push-worker.ts",
  viewer: "viewer/web/boot.ts",
  "viewer-style": "viewer/web/viewer.css",
};

// The two codecs our server sends frames in, and the file the decode worker asks for by name.
const CODECS = {
  "codec-libjpeg-turbo-8bit": "libjpegturbowasm_decode.wasm",
  "codec-openjph": "openjphjs.wasm",
};

const KEPT_MS = 60 * 60 * 1000; // an open page still finds its lazily loaded code after an update

const COMMON = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
  alias: {
    fs: join(STUBS, "empty.js"), // the codecs' glue code asks for them under Node only
    path: join(STUBS, "empty.js"),
    xmlbuilder2: join(STUBS, "xml.js"), // vtk.js writes XML files with it; the viewer never does
  },
  loader: { ".woff2": "file", ".svg": "file", ".png": "file" },
};

// The image loader package lacks "sideEffects": false, so unused parts would stay in the bundle.
const withoutSideEffects = {
  name: "without-side-effects",
  setup(build) {
    const filter = /^@cornerstonejs\/dicom-image-loader$|^\.\.?\//;
    build.onResolve({ filter }, async (wanted) => {
      const inside = wanted.importer.includes("dicom-image-loader/dist/esm");
      if (wanted.pluginData === "resolved" || (wanted.path[0] === "." && !inside)) return undefined;
      const { kind, resolveDir } = wanted;
      const found = await build.resolve(wanted.path, { kind, resolveDir, pluginData: "resolved" });
      return { ...found, sideEffects: false };
    });
  },
};

// Our policy forbids style attributes; the same declarations are allowed through the style object.
const withoutStyleAttributes = {
  name: "without-style-attributes",
  setup(build) {
    build.onLoad({ filter: /drawingSvg[\\/]drawTextBox\.js$/ }, async ({ path }) => {
      const before = await readFile(path, "utf8");
      const contents = before.replace(
        "textElement.setAttribute('style', combinedStyle)",
        "textElement.style.cssText = combinedStyle",
      );
      if (contents === before) throw new Error("drawTextBox.js changed: look at its styles again");
      return { contents, loader: "js" };
    });
  },
};

function entryPoints() {
  const present = Object.entries(ENTRIES).filter(([, source]) => existsSync(join(ROOT, source)));
  return present.map(([out, source]) => ({
    in: join(ROOT, source),
    out: out.replace(/-style$/, ""),
  }));
}

async function bundle(outdir) {
  await esbuild.build({
    ...COMMON,
    entryPoints: entryPoints(),
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    plugins: [withoutSideEffects, withoutStyleAttributes],
  });
  if (!existsSync(join(ROOT, ENTRIES.viewer))) return;
  // The worker keeps its name and sits beside the chunks: the loader finds it with
  // new URL("./decodeImageFrameWorker.js", import.meta.url), which esbuild does not rewrite.
  const worker = join(CORNERSTONE, "dicom-image-loader/dist/esm/decodeImageFrameWorker.js");
  await esbuild.build({ ...COMMON, entryPoints: { decodeImageFrameWorker: worker }, outdir });
  await mkdir(join(outdir, "wasm"), { recursive: true });
  for (const [codec, file] of Object.entries(CODECS)) {
    await cp(join(CORNERSTONE, codec, "dist", file), join(outdir, "wasm", file));
  }
}

// Every t("…") and plural("…", "…") in the sources: the page embeds these in the person's language.
const SAID = /\b(t|plural)\(\s*("(?:[^"\\]|\\.)*")(?:\s*,\s*("(?:[^"\\]|\\.)*"))?/g;

async function messages() {
  const found = new Map();
  for (const folder of ["client", "viewer/web"]) {
    if (!existsSync(join(ROOT, folder))) continue;
    const sources = (await filesBelow(join(ROOT, folder))).filter((file) => file.endsWith(".ts"));
    for (const file of sources) {
      for (const [, verb, one, many] of (await readFile(file, "utf8")).matchAll(SAID)) {
        if (verb === "t") found.set(one, JSON.parse(one));
        else if (many) found.set(one, [JSON.parse(one), JSON.parse(many)]);
      }
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key));
}

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
}

async function hashOf(folder) {
  const hash = createHash("sha256");
  for (const file of await filesBelow(folder)) {
    hash.update(relative(folder, file)).update("\0").update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 16);
}

async function compress(folder) {
  const brotli = promisify(brotliCompress);
  for (const file of await filesBelow(folder)) {
    if (!/\.(js|css|wasm|svg)$/.test(file)) continue;
    const params = { [zlib.BROTLI_PARAM_QUALITY]: 9 };
    await writeFile(`${file}.br`, await brotli(await readFile(file), { params }));
  }
}

async function forgetOldBuilds(current) {
  const names = (await readdir(STATIC)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, born: (await stat(join(STATIC, name))).mtimeMs })),
  );
  const limit = Date.now() - KEPT_MS;
  for (const { name } of aged.filter(({ name, born }) => name !== current && born < limit)) {
    await rm(join(STATIC, name), { recursive: true, force: true });
  }
}

async function swapIn(name, content) {
  const fresh = join(STATIC, `.${name}.${process.pid}`);
  await writeFile(fresh, `${JSON.stringify(content, null, 2)}\n`);
  await rename(fresh, join(STATIC, name));
}

async function writeManifest(hash, logical) {
  await swapIn("messages.json", await messages());
  const manifest = Object.fromEntries(logical.map((name) => [name, `${hash}/${name}`]));
  await swapIn("manifest.json", manifest);
}

async function build({ compressed }) {
  const started = Date.now();
  const making = join(STATIC, `.building.${process.pid}`);
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  try {
    await bundle(making);
    const assets = join(ROOT, "client", "assets");
    if (existsSync(assets)) await cp(assets, making, { recursive: true });
    const logical = (await filesBelow(making)).map((file) => relative(making, file));
    const hash = await hashOf(making);
    if (compressed) await compress(making);
    await rm(join(STATIC, hash), { recursive: true, force: true });
    await rename(making, join(STATIC, hash));
    await writeManifest(hash, logical);
    await forgetOldBuilds(hash);
    console.log(`static/${hash}: ${logical.length} files in ${Date.now() - started} ms`);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function keepBuilding() {
  let timer;
  let running = Promise.resolve();
  const again = () => build({ compressed: false }).catch((error) => console.error(error.message));
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (running = running.then(again)), 150);
  };
  for (const folder of ["client", "viewer/web"]) {
    if (existsSync(join(ROOT, folder))) watch(join(ROOT, folder), { recursive: true }, soon);
  }
  await again();
}

await (process.argv.includes("--watch") ? keepBuilding() : build({ compressed: true }));
