// npm run release:dry: publishes the packages to a registry on this machine, and follows docs/QUICKSTART.md from
// there in an empty folder. Prints each step, a summary, and ends with 0 if all went well.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Page } from "./page.js";
import { type Place, run, type Running, serve } from "./processes.js";
import { stepsOf, type Step } from "./quick-start.js";
import { startRegistry } from "./registry.js";

const ROOT = join(__dirname, "../..");
const PACKAGES = [".", "client", "server", "local", "create"];

/** The address in the quick start's page. The run here takes any free port. */
const ADDRESS = "ws://127.0.0.1:8787/live";

/** The texts that the quick start's page shows after its own publish, and after the server's. */
const SHOWN = { page: '{"from":"Ada","text":"Hello"}', server: '"Your order has been sent."' };

interface Ready {
  websocketUrl: string;
  environment?: Record<string, string>;
}

let steps = 0;

/** Runs a step, and prints what it was and how long it took. */
const step = async <T>(what: string, work: () => Promise<T> | T): Promise<T> => {
  const startedAt = performance.now();
  if (process.stdout.isTTY) process.stdout.write(`… ${what}\r`);
  const result = await work();
  steps += 1;
  process.stdout.write(`✓ ${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n`);
  return result;
};

const publishAll = async (place: Place): Promise<void> => {
  for (const folder of PACKAGES) {
    const cwd = join(ROOT, folder);
    const { name } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")) as { name: string };
    // Without scripts: npm run release:dry has built.
    await step(`publish ${name}`, () => run("npm publish --ignore-scripts", { ...place, cwd }));
  }
};

/** The quick start's steps, with what runs in between. */
const follow = async (todo: readonly Step[], place: Place): Promise<void> => {
  let dev: Running | undefined;
  let page: Page | undefined;
  let ready: Ready | undefined;
  try {
    for (const each of todo) {
      if (each.kind === "file") {
        const text = ready ? each.text.replace(ADDRESS, ready.websocketUrl) : each.text;
        await step(`write ${each.name}`, () => writeFileSync(join(place.cwd, each.name), text));
        if (each.name === "back-end.mjs") {
          const env = { ...place.env, ...ready?.environment };
          await step("the back end publishes: node back-end.mjs", () => run("node back-end.mjs", { ...place, env }));
          await step("the page shows what the server has published", () => page!.shows(SHOWN.server));
        }
      } else if (each.kind === "run") {
        for (const command of each.commands) await step(command, () => run(command, place));
        if (!each.commands.some((command) => command.includes("page.js"))) continue;
        page = await step("open index.html in Chromium", () => Page.open(place.cwd));
        await step("the page shows what it has published", () => page!.shows(SHOWN.page));
      } else {
        dev = await step(`${each.command} --json --port 0`, () => serve(`${each.command} --json --port 0`, place));
        ready = JSON.parse(dev.line) as Ready;
      }
    }
  } finally {
    await page?.close();
    await dev?.stop();
  }
};

const main = async (): Promise<void> => {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "push-it-release-"));
  const others =
    process.env["npm_config_registry"] ??
    (await run("npm config get registry", { cwd: ROOT, env: process.env })).trim();
  const registry = await startRegistry(folder, others);
  try {
    const app = join(folder, "shop");
    mkdirSync(app);
    const npmrc = join(folder, "npmrc");
    // The registry takes packages from everybody; npm publishes nothing without a token.
    writeFileSync(
      npmrc,
      `registry=${registry.url}\n//${new URL(registry.url).host}/:_authToken=none\naudit=false\nfund=false\nupdate-notifier=false\n`,
    );
    // Settings by `npm run` would win over the file, and are the repository's.
    const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
    const env = {
      ...Object.fromEntries(inherited),
      npm_config_userconfig: npmrc,
      npm_config_cache: join(folder, "cache"),
      npm_config_registry: registry.url,
    };
    await publishAll({ cwd: ROOT, env });
    await follow(stepsOf(readFileSync(join(ROOT, "docs/QUICKSTART.md"), "utf8")), { cwd: app, env });
  } finally {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(
    `\nThe release and the quick start work: ${steps} steps in ${Math.round((performance.now() - startedAt) / 1000)} s.\n`,
  );
};

main().then(
  // Whatever the registry still keeps open.
  () => process.exit(0),
  (error: unknown) => {
    process.stdout.write("\n");
    process.stderr.write(
      `✗ ${(error as Error).stack ?? String(error)}\n\nThe rehearsal failed after ${steps} steps.\n`,
    );
    process.exit(1);
  },
);
