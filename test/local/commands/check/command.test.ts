import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Duration, type Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { PushIt } from "../../../../infra/index.js";
import { parseCheckArguments } from "../../../../local/commands/check/arguments.js";
import { UserError } from "../../../../local/core/user-error.js";
import { credentialsOf, publisherName } from "../../../e2e/support/publisher.js";
import { TestSystem } from "../../../e2e/support/system.js";
import { newFolder, removeFolders } from "../../assembly/support.js";
import { launch, run } from "../../cli/support.js";

const ROOT = resolve(__dirname, "../../../..");
const TOKEN = "hunter2-hunter2-hunter2";

/** Clients with the token may connect and use the channels of the check. A room takes a text and changes it. */
const GUARDS = `
  const may = (channel) => channel.name.startsWith("push-it-check/") || channel.name.startsWith("rooms/");
  export default {
    onConnectionRequest(agent) {
      if (agent.credentials?.token !== ${JSON.stringify(TOKEN)}) return agent.connectionDenied("The token " + agent.credentials?.token + " is not good.");
      agent.connected({ userId: "checker" });
    },
    onSubscriptionRequest(channel, agent) {
      if (may(channel)) agent.subscribe(channel);
      else agent.subscriptionDenied(channel, "Only rooms.");
    },
    onPublicationRequest(channel, agent, message) {
      if (!may(channel)) return agent.publicationDenied(message, "Only rooms.");
      if (typeof message.data?.text !== "string") return agent.publicationDenied(message, "Say something.");
      channel.publish(channel.name.startsWith("rooms/") ? { ...message, data: { said: message.data.text } } : message);
      agent.publicationSuccess(message);
    },
  };
`;

const KEPT = { history: { size: 100, ttl: Duration.minutes(1) }, presence: true, latest: true };

let system: TestSystem;
let credentials: string;
beforeAll(async () => {
  system = await TestSystem.start({
    guards: GUARDS,
    props: { channels: { "push-it-check/kept/*": KEPT }, wildcards: ["push-it-check/*"] },
    addResources: (stack: Stack, pushIt: PushIt) =>
      pushIt.grantPublish(new Role(stack, "BackEnd", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") })),
  });
  credentials = join(newFolder(), "credentials.json");
  writeFileSync(credentials, JSON.stringify({ token: TOKEN }));
});
afterAll(async () => {
  await system.close();
  removeFolders();
});

/** AWS credentials as the environment has them, and where the services are. */
const awsEnvironment = (): NodeJS.ProcessEnv => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentialsOf(system, "BackEnd");
  return {
    ...process.env,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
    AWS_ENDPOINT_URL_LAMBDA: system.running.endpoints["AWS_ENDPOINT_URL_LAMBDA"],
    AWS_ENDPOINT_URL_DYNAMODB: system.running.dynamodb.endpoint,
  };
};

const check = (...args: string[]) => run(["check", "--url", system.running.websocketUrl, ...args]);

interface Report {
  outcome: string;
  exitStatus: number;
  checks: { name: string; outcome: string; detail: string }[];
  latencies: Record<string, { count: number; p50: number; p95: number }>;
}

describe("against a guarded system, with credentials", () => {
  test("all checks pass, also of back end and table, and nothing stays", async () => {
    const table = system.running.model.tables[0]!.name;
    const args = ["--credentials", `@${credentials}`, "--publisher", publisherName(system), "--table", table, "--json"];
    const begun = Date.now();
    const { code, stdout, stderr } = await run(["check", "--url", system.running.websocketUrl, ...args], {
      env: awsEnvironment(),
    });
    const report = JSON.parse(stdout) as Report;
    expect(report.checks.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    expect(report.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["publisher", "revocation", "leftovers"]),
    );
    expect({ code, outcome: report.outcome, exitStatus: report.exitStatus }).toEqual({
      code: 0,
      outcome: "passed",
      exitStatus: 0,
    });
    expect(stderr).not.toContain("could not be deleted");
    for (const kind of ["connect", "answer", "delivery"])
      expect(report.latencies[kind]!.p95).toBeGreaterThanOrEqual(report.latencies[kind]!.p50);
    expect(Date.now() - begun).toBeLessThan(120_000);
    expect(stdout).not.toContain(TOKEN);
    // Messages are deleted. Only rows of histories and uuids are left, and these expire.
    expect((await system.rows()).filter(({ pk }) => /^[acmpr]#/.test(pk ?? ""))).toEqual([]);
  });

  test("people see a line a check, latencies and a summary", async () => {
    const { code, stdout } = await check("--credentials", `@${credentials}`, "--only", "ping,delivery");
    expect(stdout).toMatch(/✓ ping .*agent, \d+ limits/);
    expect(stdout).toMatch(/✓ delivery .*10 of 10 arrived/);
    expect(stdout.indexOf("✓ ping")).toBeLessThan(stdout.indexOf("✓ delivery"));
    expect(stdout).toMatch(/request → answer +p50 .* p95/);
    expect(stdout).toContain("all 2 checks passed");
    expect(code).toBe(0);
  });

  test("AWS credentials without permission to publish skip a check, without a failure", async () => {
    const env = { ...awsEnvironment(), AWS_ACCESS_KEY_ID: "AKIASTRANGER0000000A" };
    const args = ["--credentials", `@${credentials}`, "--publisher", publisherName(system), "--only", "publisher"];
    const { code, stdout } = await run(["check", "--url", system.running.websocketUrl, ...args], { env });
    expect(stdout).toMatch(/– publisher .*not tried: publishing from a back end is not possible/);
    expect(code).toBe(3);
  });
});

describe("a skipped check has not passed:", () => {
  test("a channel that the guard denies", async () => {
    const { code, stdout } = await check(
      "--credentials",
      `@${credentials}`,
      "--channel",
      "stories",
      "--only",
      "ping,delivery",
    );
    expect(stdout).toMatch(
      /– delivery .*not tried: the guard denies subscribing to stories\/.*: Only rooms\..*--channel/,
    );
    expect(stdout).toContain("1 of 2 checks passed, none failed; 1 not tried");
    expect(code).toBe(3);
  });

  test("features that are off, and a guard that changes data", async () => {
    const names = ["delivery", "sizes", "latest", "history", "presence", "wildcards"];
    const { code, stdout } = await check(
      "--credentials",
      `@${credentials}`,
      "--channel",
      "rooms/42",
      "--only",
      names.join(","),
      "--json",
    );
    const { checks, outcome } = JSON.parse(stdout) as Report;
    const untried = ["sizes", "latest", "history", "presence", "wildcards"];
    expect(checks.map((each) => [each.name, each.outcome]).sort()).toEqual(
      [["delivery", "passed"], ...untried.map((name) => [name, "not tried"])].sort(),
    );
    expect(checks.find(({ name }) => name === "history")!.detail).toContain("Set channels: { history } for it");
    expect({ code, outcome }).toEqual({ code: 3, outcome: "not tried" });
  });

  test("credentials that the guard denies, which are not printed", async () => {
    const env = { ...process.env, PUSH_IT_CREDENTIALS: JSON.stringify({ token: "another-secret" }) };
    const { code, stdout, stderr } = await run(
      ["check", "--url", system.running.websocketUrl, "--only", "denial,delivery"],
      { env },
    );
    expect(stdout).toMatch(/✓ denial .*without credentials, denied/);
    expect(stdout).toMatch(
      /– delivery .*the connection guard denies these credentials: The token \[credentials\] is not good\./,
    );
    expect(stdout + stderr).not.toContain("another-secret");
    expect(code).toBe(3);
  });
});

test("an absent server is a named failure", async () => {
  const { code, stdout } = await run(["check", "--url", "ws://127.0.0.1:1/live", "--only", "handshake"]);
  expect(stdout).toMatch(/✗ handshake .*failed: .*ECONNREFUSED/);
  expect(code).toBe(1);
});

describe("wrong use", () => {
  const url = "wss://abc123.execute-api.us-east-1.amazonaws.com/live";

  test("exits with 2 and says what to do", async () => {
    const { code, stdout, stderr } = await run(["check"]);
    expect(stderr).toMatch(/--url is missing\.\n→ /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test.each<[string[], RegExp]>([
    [["--url", "https://example.com"], /not a WebSocket URL/],
    [["--url", `${url}?token=${TOKEN}`], /more than an address/],
    [["--url", url, "--credentials", TOKEN], /not JSON/],
    [["--url", url, "--credentials", "@none.json"], /cannot be read/],
    [["--url", url, "--credentials", JSON.stringify("x".repeat(5_000))], /5002 bytes of JSON/],
    [["--url", url, TOKEN], /belongs to no option/],
    [["--url", url, "--only", "speed"], /--only speed is not a check/],
    [["--url", url, "--channel", "a//b"], /not the beginning of a channel name/],
    [["--url", url, "--channel", "meta"], /not the beginning of a channel name/],
  ])("is refused without a secret in the message (%#)", (args, said) => {
    const parse = () => parseCheckArguments(args);
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(said);
    expect(parse).not.toThrow(TOKEN);
  });

  test("--help lists every check and exit status", async () => {
    const { code, stdout } = await run(["check", "--help"]);
    for (const said of ["exactly-once", "revocation", "leftovers", "Exit status", "--credentials JSON|@FILE"])
      expect(stdout).toContain(said);
    expect(code).toBe(0);
  });
});

test("credentials on the command line are gone from the process list", async () => {
  const child = launch([
    "check",
    "--url",
    system.running.websocketUrl,
    "--credentials",
    JSON.stringify({ token: TOKEN }),
    "--only",
    "delivery",
  ]).child;
  await once(child.stdout!, "data");
  const args = execFileSync("ps", ["-o", "args=", "-p", String(child.pid)], { encoding: "utf8" });
  await once(child, "close");
  expect(args).toContain("push-it-cli check");
  expect(args).not.toContain(TOKEN);
});

describe("against what npm start runs", () => {
  let dev: ChildProcess;
  let websocketUrl: string;
  beforeAll(async () => {
    dev = spawn(process.execPath, [join(ROOT, "local/dist/cli.js"), "dev", "--port", "0", "--json"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = (await once(dev.stdout!, "data")) as [Buffer];
    ({ websocketUrl } = JSON.parse(line.toString()) as { websocketUrl: string });
  });
  afterAll(async () => {
    dev.kill("SIGINT");
    await once(dev, "close");
  });

  test("all checks pass in under two minutes", async () => {
    const { code, stdout } = await run(["check", "--url", websocketUrl]);
    expect(stdout).toMatch(/all \d\d checks passed in [\d.]+ s/);
    expect(stdout).toContain(
      "Not part of this run: publisher (--publisher), revocation (--publisher), leftovers (--table)",
    );
    expect(code).toBe(0);
  });
});
