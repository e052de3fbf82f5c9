import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Manifest, manifestIn, PACKAGES, type PackageFolder, tarballOf } from "./packs.js";
import { Dev, ROOT, run, temporaryFolder } from "./processes.js";

/*
 * An app as `cdk init` lays it out, which installs the packed packages, adds the construct, type-checks, synthesizes,
 * and runs on this machine. With PUSH_IT_TEST_INSTALL=1 npm installs everything from its registry; otherwise the app
 * is given this repository's copies of exactly what it and the packages declare, so that no network is needed.
 */
const INSTALL = process.env.PUSH_IT_TEST_INSTALL === "1";

const STACK = `
import * as cdk from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Guards, PushIt } from 'push-it-aws';

export class ShopStack extends cdk.Stack {
  readonly pushIt: PushIt;

  constructor(scope: Construct, id: string, props?: cdk.StackProps) {
    super(scope, id, props);
    this.pushIt = new PushIt(this, 'PushIt', {
      guards: Guards.fromModule('guards.ts', { environment: { GREETING: 'Hello' } }),
      timeouts: { onPublicationRequest: cdk.Duration.seconds(2) },
    });
    new cdk.CfnOutput(this, 'Url', { value: this.pushIt.url });
  }
}
`;

const GUARDS = `
import { guards } from 'push-it-server/guards';

export default guards<{ name: string }>({
  onConnectionRequest(agent) {
    agent.credentials ??= { name: 'nobody' };
    agent.connected();
  },
  onPublicationRequest(channel, agent) {
    channel.publish({ data: \`\${process.env['GREETING']} from \${agent.credentials.name}\` });
    agent.publicationSuccess({ channel: channel.name, uuid: 'x', data: null });
  },
});
`;

/** The app's web page, in Node: subscribes and publishes, and prints what came. */
const PAGE = `
import WebSocket from 'ws';
import { PushIt } from 'push-it-client';

const pushIt = new PushIt({ url: process.argv[2], credentials: { name: 'Ada' }, WebSocket });
const received = new Promise((resolve) => {
  pushIt.onMessageReceived = (channel, message) => resolve(channel + ': ' + message.data);
});
await new Promise((resolve, reject) => pushIt.subscribe('offers', reject, resolve));
await new Promise((resolve, reject) => pushIt.publish({ channel: 'offers', data: 1 }, reject, resolve));
console.log(await received);
pushIt.disconnect();
`;

/** The page's TypeScript, for a bundler. */
const TYPED_PAGE = `
import { PushIt } from 'push-it-client';

const pushIt = new PushIt({ url: 'wss://example.com/live', channels: ['offers'] });
pushIt.onMessageReceived = (channel, message) => console.log(channel.length, message.uuid, message.data);
export const id: string = pushIt.publish({ channel: 'offers', data: { price: 1 } }, (error) => console.log(error.code));
`;

/** The app's back end. */
const BACK_END = `
import { type PublishResult, Publisher, PublisherError } from 'push-it-server/publisher';

const publisher = new Publisher({ functionName: 'publisher' });

export const tell = async (agent: { connection: { id: string } }): Promise<PublishResult[]> => {
  const { uuid }: { uuid: string } = await publisher.publish('offers', { price: 1 }, { exclude: agent });
  await publisher.publishToUser('ann', uuid);
  const ended: number = await publisher.disconnect({ userId: 'mallory' }, 'No.') + await publisher.unsubscribe(agent, 'offers');
  const results = await publisher.publish([{ channel: 'offers', data: ended }, { userId: 'ann', data: null }]);
  Publisher.assertAccepted(results);
  return results;
};

export const again = (error: unknown): boolean => error instanceof PublisherError && error.retryable;
`;

const { folder, remove } = temporaryFolder();
const app = join(folder, "shop");

/** Makes this repository's copy of a package the app's. */
const link = (name: string) => {
  const to = join(app, "node_modules", name);
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(ROOT, "node_modules", name), to, "junction");
};

/** Makes a package's command the app's, as npm does. */
const linkCommand = (name: string, file: string) => {
  const bin = join(app, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(app, "node_modules", file), join(bin, name));
};

/** The packages of an app, in the order it installs them: what runs in AWS and in the browser, then what it is made with. */
const USED: PackageFolder[] = [".", "server", "client", "local"];

const giveCopies = (tarballs: string[]) => {
  const packed = tarballs.map((tarball, index) => {
    const target = join(app, "node_modules", PACKAGES[USED[index]!]);
    mkdirSync(target, { recursive: true });
    run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
    return manifestIn(target);
  });
  const declaredIn = ({ dependencies, devDependencies }: Manifest) => ({ ...dependencies, ...devDependencies });
  const declared = packed.map(({ dependencies, peerDependencies }) => ({ ...dependencies, ...peerDependencies }));
  for (const name of Object.keys(Object.assign({}, declaredIn(manifestIn(app)), ...declared) as object)) link(name);
  linkCommand("tsc", "typescript/bin/tsc");
  linkCommand("tsx", "tsx/dist/cli.mjs");
  linkCommand("cdk", "aws-cdk/bin/cdk");
  linkCommand("push-it-cli", "push-it-cli/dist/cli.js");
};

const install = (tarballs: string[]) => {
  run("npm", ["install", "--no-audit", "--no-fund"], { cwd: app });
  run("npm", ["install", "--no-audit", "--no-fund", ...tarballs], { cwd: app });
  run("npm", ["install", "--no-audit", "--no-fund", "--save-dev", "esbuild", "ws"], { cwd: app });
};

beforeAll(() => {
  mkdirSync(app);
  run(join(ROOT, "node_modules/.bin/cdk"), ["init", "app", "--language", "typescript", "--generate-only"], {
    cwd: app,
  });
  (INSTALL ? install : giveCopies)(USED.map(tarballOf));
  writeFileSync(join(app, "lib/shop-stack.ts"), STACK);
  writeFileSync(join(app, "guards.ts"), GUARDS);
  writeFileSync(join(app, "page.mjs"), PAGE);
  writeFileSync(join(app, "lib/back-end.ts"), BACK_END);
  mkdirSync(join(app, "web"));
  writeFileSync(join(app, "web/page.ts"), TYPED_PAGE);
}, 600_000);

afterAll(remove);

const tsc = join(app, "node_modules/.bin/tsc");
const npx = (...args: string[]) => run("npx", ["--no-install", ...args], { cwd: app });

describe("a fresh CDK app with the packed packages", () => {
  test("was laid out by cdk init", () => {
    expect(readFileSync(join(app, "bin/shop.ts"), "utf8")).toContain("new ShopStack(app");
  });

  describe("that is type-checked, with a file that has a mistake", () => {
    let errors: string[];
    beforeAll(() => {
      const broken = join(app, "lib/broken.ts");
      writeFileSync(broken, STACK.replace("timeouts:", "timeout:"));
      // Once for both tests: the compiler reads the whole CDK.
      const { stdout, error } = spawnSync(tsc, ["--pretty", "false"], { cwd: app, encoding: "utf8" });
      if (error) throw error;
      errors = stdout.split("\n").filter((line) => line.includes("error TS"));
      for (const ending of ["ts", "js", "d.ts"]) rmSync(broken.replace(/ts$/, ending), { force: true });
    });

    test("compiles, its guards, its back end and its web page too", () => {
      expect(errors.filter((line) => !line.startsWith("lib/broken.ts"))).toEqual([]);
      const web = {
        extends: "../tsconfig.json",
        include: ["*.ts"],
        compilerOptions: { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] },
      };
      writeFileSync(join(app, "web/tsconfig.json"), JSON.stringify(web));
      run(tsc, ["-p", "web"], { cwd: app });
    });

    test("does not compile with a prop that does not exist", () => {
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatch(/lib\/broken\.ts.*'timeout' does not exist in type 'PushItProps'/);
    });
  });

  test("has the Publisher as CommonJS and as an ES module", () => {
    const make = 'console.log(typeof new Publisher({ functionName: "x" }).publish)';
    const cjs = `const { Publisher } = require("push-it-server/publisher"); ${make}`;
    const esm = `import { Publisher } from "push-it-server/publisher"; ${make}`;
    expect(run(process.execPath, ["--input-type=commonjs", "-e", cjs], { cwd: app })).toBe("function\n");
    expect(run(process.execPath, ["--input-type=module", "-e", esm], { cwd: app })).toBe("function\n");
  });

  test("synthesizes, with its own guards in the functions", () => {
    npx("cdk", "synth", "--quiet");
    const template = readFileSync(join(app, "cdk.out/ShopStack.template.json"), "utf8");
    expect(template).toContain('"guards": "guards.ts"');
    expect(template).toContain('"GREETING": "Hello"');
  });

  test("runs with npx push-it-cli dev, and its page publishes and receives", async () => {
    const dev = await Dev.start("npx", ["--no-install", "push-it-cli", "dev"], app);
    try {
      const said = run(process.execPath, ["page.mjs", dev.ready.websocketUrl], { cwd: app });
      expect(said).toBe("offers: Hello from Ada\n");
    } finally {
      await dev.stop();
    }
  });
});
