// npm run release:dry: publishes the packages to a registry on this machine, and follows README.md and
// docs/QUICKSTART.md from there, each in an empty folder. Prints each step, a summary, and ends with 0 if all went well.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signIn } from "../../test/browser/examples/chat-user.js";
import { ChatTabs } from "./first-page.js";
import { Page } from "./page.js";
import { type Place, run, type Running, serve, servePage } from "./processes.js";
import { stepsOf, type Step } from "./quick-start.js";
import { startRegistry } from "./registry.js";

const ROOT = join(__dirname, "../..");
const PACKAGES = [".", "client", "server", "local", "create"];

/** The address in the quick start's page. The run here takes any free port. */
const ADDRESS = "ws://127.0.0.1:8787/live";

/** The longest that the README's way to a page may take, in seconds: its heading says so. */
const PAGE_SECONDS = 300;

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

/** The README's way to a page: from an empty folder until two tabs have talked. */
const openPage = async (todo: readonly Step[], place: Place): Promise<void> => {
  const startedAt = performance.now();
  let { cwd } = place;
  let installing = 0;
  let chat: Running | undefined;
  let tabs: ChatTabs | undefined;
  try {
    for (const each of todo) {
      if (each.kind === "run")
        for (const command of each.commands) {
          const [, folder] = /^cd (\S+)$/.exec(command) ?? [];
          const commandAt = performance.now();
          await step(command, async () => (folder ? (cwd = join(cwd, folder)) : run(command, { ...place, cwd })));
          if (command === "npm install") installing = performance.now() - commandAt;
        }
      if (each.kind !== "serve") continue;
      // Vite opens the page in the user's browser, or in none.
      const env = { ...place.env, BROWSER: "none" };
      const served = await step(each.command.replace(/ +#.*/, ""), () => servePage(each.command, { cwd, env }));
      chat = served;
      tabs = await step(`open ${served.url} in two tabs of Chromium`, () => ChatTabs.open(served.url));
      await step("sign in as Ada", () => signIn(tabs!.ada, "Ada"));
      await step("sign in as Grace", () => signIn(tabs!.grace, "Grace"));
      await step("Grace sees what Ada says", () => tabs!.talk("Hello, Grace"));
    }
  } finally {
    await tabs?.close();
    await chat?.stop();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const parts = `${seconds.toFixed(1)} s, ${(installing / 1000).toFixed(1)} s of it installing`;
  process.stdout.write(`  From an empty folder to two tabs that talk: ${parts}.\n`);
  if (seconds > PAGE_SECONDS) throw new Error(`The way to a page took more than ${PAGE_SECONDS} s.`);
};

const pageOf = (path: string): Step[] => stepsOf(readFileSync(join(ROOT, path), "utf8"));

const main = async (): Promise<void> => {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "push-it-release-"));
  const others =
    process.env["npm_config_registry"] ??
    (await run("npm config get registry", { cwd: ROOT, env: process.env })).trim();
  const registry = await startRegistry(folder, others);
  try {
    const [app, projects] = [join(folder, "shop"), join(folder, "projects")];
    for (const each of [app, projects]) mkdirSync(each);
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
    await openPage(pageOf("README.md"), { cwd: projects, env });
    await follow(pageOf("docs/QUICKSTART.md"), { cwd: app, env });
  } finally {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(
    `\nThe release, the page and the quick start work: ${steps} steps in ${Math.round((performance.now() - startedAt) / 1000)} s.\n`,
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
