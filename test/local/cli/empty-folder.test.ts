import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { Publisher } from "push-it-server/publisher";
import { SUBPROTOCOL } from "../../../protocol/index.js";
import { Wire } from "../../e2e/support/wire.js";
import { newFolder, removeFolders } from "../assembly/support.js";
import { type Launched, launch, run } from "./support.js";

/*
 * The built command in an empty folder: the built-in stack, its printed output, and a back end next to it.
 */

let cwd: string;
let launched: Launched;
let ready: Awaited<Launched["ready"]>;

const start = async (...args: string[]): Promise<Launched> => {
  const started = launch(["dev", "--json", ...args], { cwd });
  await started.ready;
  return started;
};

const stop = async ({ child }: Launched): Promise<void> => {
  child.kill("SIGTERM");
  await once(child, "close");
};

/** A port whose run leaves room for the others of this machine's tests. */
const PORT = 29_300 + (process.pid % 500) * 20;

beforeAll(async () => {
  cwd = newFolder();
  launched = await start("--port", String(PORT));
  ready = await launched.ready;
});
afterAll(async () => {
  await stop(launched);
  removeFolders();
});

const subscriber = async (channel: string): Promise<Wire> => {
  const wire = await Wire.open(ready.websocketUrl);
  await wire.subscribe(channel);
  return wire;
};

/** Environment of a program next to the run: the printed variables, and of this process only `PATH`. */
const outside = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, HOME: cwd, ...ready.environment });

describe("in an empty folder", () => {
  test("says loudly that everyone may do everything, and how to have guards", () => {
    expect(launched.output.stderr).toContain(`There is no cdk.json in ${cwd}`);
    expect(launched.output.stderr).toMatch(/EVERYONE MAY DO EVERYTHING[^]*--guards guards\.js/);
  });

  test("a Publisher outside publishes with only the printed environment", async () => {
    const wire = await subscriber("rooms/5");
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = ready.environment;
    expect(ready.credentials).toEqual({ accessKeyId, secretAccessKey });
    const script = `
      import { Publisher } from "push-it-server/publisher";
      await new Publisher({ functionName: process.env.PUSH_IT_PUBLISHER }).publish("rooms/5", "from outside");`;
    const options = { env: outside(), cwd: resolve(__dirname, "../../.."), encoding: "utf8" } as const;
    execFileSync(process.execPath, ["--input-type=module", "-e", script], options);
    expect(await wire.message("from outside")).toMatchObject({ channel: "rooms/5" });
    wire.socket.close();
  });

  test.each([
    [
      "Lambda's Invoke",
      () => `${ready.endpoints["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/${ready.publisherName}/invocations`,
    ],
    ["the function URL", () => ready.publishUrl!],
  ])("curl publishes by %s with the printed keys, and not with others", async (_, url) => {
    const wire = await subscriber("plain");
    const curl = (env: NodeJS.ProcessEnv) => {
      const [id, secret] = [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY];
      const body = JSON.stringify({ version: 1, publish: [{ channel: "plain", data: url() }] });
      const args = [
        "-sS",
        "--aws-sigv4",
        `aws:amz:${ready.region}:lambda`,
        "--user",
        `${id}:${secret}`,
        "--json",
        body,
        url(),
      ];
      return execFileSync("curl", args, { env, encoding: "utf8" });
    };
    expect(curl({ ...outside(), AWS_SECRET_ACCESS_KEY: "another" })).toMatch(/signature/i);
    expect(curl({ ...outside(), AWS_ACCESS_KEY_ID: "AKIA0000000000000000" })).toMatch(/invalid/i);
    expect(JSON.parse(curl(outside()))).toMatchObject({ results: [{ accepted: true }] });
    await wire.message(url());
    wire.socket.close();
  });

  test("the keys are for the publisher and nothing else", async () => {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId = "",
      AWS_SECRET_ACCESS_KEY: secretAccessKey = "",
      AWS_ENDPOINT_URL_LAMBDA: endpoint = "",
    } = ready.environment;
    const client = new LambdaClient({ endpoint, region: ready.region, credentials: { accessKeyId, secretAccessKey } });
    const sweep = ready.publisherName!.replace("Publisher", "Sweep").replace(/-\w+$/, "");
    await expect(new Publisher({ functionName: sweep, client }).publish("plain", 1)).rejects.toMatchObject({
      code: "forbidden",
      cause: {
        message: expect.stringMatching(
          /user\/push-it-cli-back-end is not authorized to perform: lambda:InvokeFunction/,
        ),
      },
    });
    client.destroy();
  });

  test("a client is the user that it says it is", async () => {
    const endpoint = ready.endpoints["AWS_ENDPOINT_URL_LAMBDA"]!;
    const client = new LambdaClient({ endpoint, region: ready.region, credentials: ready.credentials! });
    const publisher = new Publisher({ functionName: ready.publisherName, client });
    const ada = await Wire.open(ready.websocketUrl, { credentials: { userId: "ada" } });
    expect(await publisher.disconnect({ userId: "nobody" })).toBe(0);
    expect(await publisher.disconnect({ userId: "ada" })).toBe(1);
    await ada.until(() => ada.closed !== undefined, "the end of ada's connection");
    client.destroy();
  });

  test("every part has its port, counted from --port, in each run", async () => {
    const at = (offset: number) => `http://127.0.0.1:${PORT + offset}`;
    expect(ready).toMatchObject({
      websocketUrl: `ws://127.0.0.1:${PORT}/live`,
      consoleUrl: `${at(0)}/`,
      publishUrl: `${at(10)}/`,
      ports: { gateway: PORT, lambda: PORT + 1, sqs: PORT + 2, dynamodb: PORT + 3, services: PORT + 4 },
      endpoints: {
        AWS_ENDPOINT_URL_LAMBDA: at(1),
        AWS_ENDPOINT_URL_SQS: at(2),
        AWS_ENDPOINT_URL_DYNAMODB: at(3),
        AWS_ENDPOINT_URL_SECRETS_MANAGER: at(4),
      },
      outputs: { Url: `ws://127.0.0.1:${PORT}/live`, PublishUrl: `${at(10)}/`, Publisher: ready.publisherName },
    });
    await stop(launched);
    launched = await start("--port", String(PORT));
    const again = await launched.ready;
    expect({ ...again, readyMs: 0 }).toEqual({
      ...ready,
      readyMs: 0,
      credentials: again.credentials,
      environment: again.environment,
    });
    expect(again.credentials!.secretAccessKey).not.toBe(ready.credentials!.secretAccessKey);
    ready = again;
  });

  test.each([
    ["the port itself", 0, "the WebSocket API"],
    ["one of its parts", -2, "SQS"],
    ["a function URL", -10, "the function URL"],
  ])("the error names a taken port and its part: %s", async (_, offset, what) => {
    const { code, stderr } = await run(["dev", "--port", String(PORT + offset)], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${PORT} is taken: ${what}`);
    expect(stderr).toContain("--port 0");
  });

  test("--guards replaces the built-in guards, and --host takes other addresses and warns", async () => {
    writeFileSync(
      join(cwd, "guards.js"),
      'export default { onConnectionRequest: (agent) => agent.connectionDenied("Nobody.") };',
    );
    const other = await start("--port", "0", "--guards", "guards.js", "--host", "0.0.0.0");
    const { websocketUrl, consoleUrl, managementUrl } = await other.ready;
    expect(new URL(websocketUrl).host).toBe(new URL(consoleUrl).host);
    expect(new URL(managementUrl).hostname).toBe("127.0.0.1");
    await expect(Wire.open(websocketUrl, { protocols: [SUBPROTOCOL] })).rejects.toThrow("refused: 403");
    expect((await fetch(consoleUrl)).status).toBe(200);
    expect(other.output.stderr).toMatch(/warning {2}--host: other machines can connect/);
    expect(other.output.stderr).not.toContain("EVERYONE");
    await stop(other);
  });
});

test("--json prints what local/README.md documents, no more and no less", () => {
  const page = readFileSync(resolve(__dirname, "../../../local/README.md"), "utf8");
  const [, section = ""] = /## What `--json` prints\n([^]*?)(?:\n## |$)/.exec(page) ?? [];
  const documented = [...section.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name!);
  const printed = Object.entries(ready).flatMap(([name, value]) =>
    ["ports", "endpoints", "environment", "credentials"].includes(name)
      ? [name, ...Object.keys(value as object).map((key) => `${name}.${key}`)]
      : [name],
  );
  expect(documented.sort()).toEqual(printed.sort());
});
