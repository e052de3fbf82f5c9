import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installedIn } from "./packs.js";
import { ROOT, run, temporaryFolder } from "./processes.js";

/*
 * The declarations as whoever installs the packages has them checked, all of them and strictly. With
 * PUSH_IT_TEST_INSTALL=1 by the oldest compiler that we support and the newest too, from npm's registry.
 */
const VERSIONS = ["", ...(process.env["PUSH_IT_TEST_INSTALL"] === "1" ? ["5.4", "latest"] : [])];

/** What a user of the packages writes. */
const SOURCE = `
import { PushIt, PushItError } from "push-it-client";
import { PushIt as Smaller } from "push-it-client/core";
import { guardHandler, guards, secret } from "push-it-server/guards";
import { Publisher } from "push-it-server/publisher";

export const pushIt = new PushIt({ url: "wss://example.com/live", channels: ["offers"] });
export const id: string = pushIt.publish({ channel: "offers", data: { price: 1 } }, (error) => error.code === "denied");
export const smaller = new Smaller({ url: "wss://example.com/live" });
export const codeOf = (error: unknown) => (error instanceof PushItError ? error.code : undefined);
export const module = guards<{ name: string }>({
  onSubscriptionRequest(channel, agent) {
    if (channel.name === agent.credentials.name) agent.subscribe(channel);
  },
});
export const handler = guardHandler(module);
export const tell = async (publisher: Publisher) => (await publisher.publish("offers", await secret("PRICE"))).uuid;
`;

/** How modules are looked for, and the kinds of files that can be. */
const RESOLUTIONS: [resolution: string, module: string, extensions: string[]][] = [
  ["bundler", "esnext", ["ts"]],
  ["node16", "node16", ["cts", "mts"]],
  ["nodenext", "nodenext", ["cts", "mts"]],
  ["node10", "commonjs", ["ts"]],
];

const { folder, remove } = temporaryFolder();
afterAll(remove);
let app: string;

beforeAll(() => {
  app = installedIn(join(folder, "app"), ["client", "server"], "--offline");
}, 120_000);

/** The compiler of a version; ours if there is none. */
const compilerOf = (version: string): string => {
  if (version === "") return join(ROOT, "node_modules/typescript/bin/tsc");
  const place = join(folder, version);
  mkdirSync(place);
  run("npm", ["install", "--no-audit", "--no-fund", "--prefix", place, `typescript@${version}`]);
  return join(place, "node_modules/typescript/bin/tsc");
};

describe.each(VERSIONS)("TypeScript %s", (version) => {
  let compiler: string;
  let major: number;
  beforeAll(() => {
    compiler = compilerOf(version);
    major = Number(/(\d+)\./.exec(run(process.execPath, [compiler, "--version"]))![1]);
  }, 120_000);

  /** What it says of a program; nothing, if that is right. */
  const said = (resolution: string, module: string, extension: string, source: string): string => {
    const file = `${resolution}.${extension}`;
    writeFileSync(join(app, file), source);
    const options = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, target: "es2022", lib: ["es2022", "dom"], types: [] };
    const compilerOptions = { ...options, module, moduleResolution: resolution, ...(major === 6 && { ignoreDeprecations: "6.0" }) };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
    try {
      return run(process.execPath, [compiler, "-p", "."], { cwd: app });
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each(RESOLUTIONS)("finds nothing wrong with moduleResolution %s", (resolution, module, extensions) => {
    // The newest knows node10 no more.
    if (resolution === "node10" && major > 6) return;
    for (const extension of extensions) expect([extension, said(resolution, module, extension, SOURCE)]).toEqual([extension, ""]);
  });

  test("finds what is wrong", () => {
    const wrong = SOURCE.replace("channels:", "chanels:").replace("agent.subscribe", "agent.subscrib");
    expect(said("bundler", "esnext", "ts", wrong)).toMatch(/'chanels' does not exist[^]*'subscrib' does not exist/);
  });
});
