import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "../../../../local/services/dynamodb/request.js";
import { UserError } from "../../../../local/core/user-error.js";
import { ask, open, start, stopAll, until, writeFixture } from "../support.js";

afterEach(stopAll);

/** Answers a ping with what the function's environment says. */
const ECHO = `
  let count = 0;
  export const handler = async ({ requestContext }) => ({
    statusCode: 200,
    body: JSON.stringify({ count: ++count, pid: process.pid, env: process.env, route: requestContext?.routeKey }),
  });`;

describe("a system", () => {
  test("serves the template's API, functions and tables on this machine", async () => {
    const { system } = await start(writeFixture(ECHO));
    const socket = await open(system.websocketUrl);
    const answer = (await ask(socket, { action: "ping" })) as { env: Record<string, string>; route: string };
    expect(answer.route).toBe("ping");
    expect(answer.env).toMatchObject({
      TABLE_NAME: system.model.tables[0]?.name,
      AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: system.managementUrl,
      AWS_ENDPOINT_URL_LAMBDA: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      AWS_ENDPOINT_URL_SECRETS_MANAGER: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    const signer = { accessKeyId: "ASIA0000000000000000", region: "eu-west-1" };
    const tables = await request(system.dynamodb.endpoint, signer, "ListTables", {});
    expect(tables).toEqual({ TableNames: [system.model.tables[0]?.name] });
    socket.close();
  });

  test("reports each invocation", async () => {
    const { system, reports } = await start(writeFixture(ECHO));
    const socket = await open(system.websocketUrl);
    await ask(socket, { action: "ping" });
    expect(reports.map(({ functionId, cold, result }) => [functionId, cold, result.ok])).toEqual([
      ["Fn", true, true],
      ["Fn", false, true],
    ]);
    socket.close();
  });

  test("verifies who calls @connections by the functions' own credentials", async () => {
    const { system } = await start(writeFixture(ECHO));
    const response = await fetch(`${system.managementUrl}/@connections/x`, { method: "POST", body: "x" });
    expect(response.status).toBe(403);
  });

  test("runs scheduled functions on request and by the clock", async () => {
    const source = "export const handler = async (event) => event;";
    const { system, reports } = await start(writeFixture(source), { sweepEveryMs: 50 });
    expect(await system.runSchedules()).toEqual([
      { ok: true, payload: expect.objectContaining({ source: "aws.events", "detail-type": "Scheduled Event" }) },
    ]);
    await until(() => reports.length > 2);
  });

  test("gives secrets only to guards", async () => {
    const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-abcdef";
    const source = `
      import { createRequire } from "node:module";
      const aws4 = createRequire(${JSON.stringify(__filename)})("aws4");
      export const handler = async ({ id }) => {
        const { AWS_ENDPOINT_URL_SECRETS_MANAGER: url } = process.env;
        const body = JSON.stringify({ SecretId: id });
        const target = { "x-amz-target": "secretsmanager.GetSecretValue" };
        const { headers } = aws4.sign({ service: "secretsmanager", host: new URL(url).host, headers: target, body });
        const answer = await fetch(url, { method: "POST", headers, body });
        return { status: answer.status, url, ...(await answer.json()) };
      };`;
    const assembly = writeFixture(source, { PUSH_IT_SECRET_KEY: arn, PUSH_IT_SECRET_OTHER: "other" });
    const secrets = join(assembly, "secrets.json");
    writeFileSync(secrets, JSON.stringify({ KEY: "first" }));
    const { system, log } = await start(assembly, { secrets });
    const get = async (id: string) => ((await system.invoke("Fn", { id })) as { payload: { url: string } }).payload;
    const found = await get(arn);
    expect(found).toMatchObject({ status: 200, ARN: arn, Name: "KEY", SecretString: "first" });
    writeFileSync(secrets, JSON.stringify({ KEY: { json: true } }));
    expect(await get(arn)).toMatchObject({ SecretString: '{"json":true}' });
    expect(await get("other")).toMatchObject({ status: 400, __type: "ResourceNotFoundException" });
    expect(await get("unknown")).toMatchObject({ status: 400, __type: "ResourceNotFoundException" });
    expect(log.map(({ message }) => message)).toEqual([
      expect.stringContaining("The secret OTHER has no value here"),
      expect.stringContaining("No guard has the secret unknown"),
    ]);
    const stranger = await fetch(found.url, { method: "POST", body: JSON.stringify({ SecretId: arn }) });
    expect(stranger.status).toBe(400);
    expect(await stranger.text()).not.toContain("json");
  });

  test("ends without a process or a file of its own left", async () => {
    const source = "export const handler = async () => ({ pid: process.pid, root: process.env.LAMBDA_TASK_ROOT });";
    const guards = join(writeFixture(source), "guards.ts");
    writeFileSync(guards, "export default {};");
    const { system } = await start(writeFixture(source), { guards });
    const { payload } = (await system.invoke("Fn", {})) as { payload: { pid: number; root: string } };
    expect(existsSync(payload.root)).toBe(true);
    await system.close();
    expect(() => process.kill(payload.pid, 0)).toThrow();
    expect(existsSync(payload.root)).toBe(false);
    await expect(fetch(system.consoleUrl)).rejects.toThrow();
  });
});

describe("guards of --guards", () => {
  const SOURCE = `
    import guards from "./guards.mjs";
    const pid = process.pid;
    export const handler = async () => ({ statusCode: 200, body: JSON.stringify({ word: guards.word, pid, on: process.env.PUSH_IT_GUARDS }) });`;

  const fixture = (text: string): [string, string] => {
    const assembly = writeFixture(SOURCE);
    const guards = join(assembly, "guards.ts");
    writeFileSync(join(assembly, "word.ts"), `export const word: string = "${text}";`);
    writeFileSync(guards, 'import { word } from "./word";\nexport default { word };');
    return [assembly, guards];
  };

  test("are bundled for the functions that can run guards", async () => {
    const [assembly, guards] = fixture("hello");
    const { system } = await start(assembly, { guards });
    const socket = await open(system.websocketUrl);
    expect(await ask(socket, { action: "ping" })).toMatchObject({ word: "hello", on: "guards.mjs" });
    expect(existsSync(join(assembly, "asset.0123abcd/guards.mjs"))).toBe(false);
    socket.close();
  });

  test("reload when any of their files changes, and sockets stay open", async () => {
    const [assembly, guards] = fixture("first");
    const { system, reloaded } = await start(assembly, { guards, watch: true });
    const socket = await open(system.websocketUrl);
    expect(await ask(socket, { action: "ping" })).toMatchObject({ word: "first" });
    writeFileSync(join(assembly, "word.ts"), 'export const word = "second";');
    await until(() => reloaded.length === 1);
    expect(reloaded).toEqual([["Fn"]]);
    expect(await ask(socket, { action: "ping" })).toMatchObject({ word: "second" });
    socket.close();
  });

  test("that no longer compile are reported, and the previous ones stay active", async () => {
    const [assembly, guards] = fixture("first");
    const { system, log, reloaded } = await start(assembly, { guards, watch: true });
    const socket = await open(system.websocketUrl);
    writeFileSync(join(assembly, "word.ts"), "export const word = ;");
    await until(() => log.some(({ level }) => level === "error"));
    expect(log.find(({ level }) => level === "error")?.message).toMatch(/word\.ts:1:20[^]*What ran before goes on\./);
    expect(await ask(socket, { action: "ping" })).toMatchObject({ word: "first" });
    writeFileSync(join(assembly, "word.ts"), 'export const word = "mended";');
    await until(() => reloaded.length === 1);
    expect(await ask(socket, { action: "ping" })).toMatchObject({ word: "mended" });
    socket.close();
  });

  test("saved without a change replace nothing", async () => {
    const [assembly, guards] = fixture("same");
    const { system, reloaded } = await start(assembly, { guards });
    const socket = await open(system.websocketUrl);
    const before = await ask(socket, { action: "ping" });
    await system.reload();
    expect(await ask(socket, { action: "ping" })).toEqual(before);
    expect(reloaded).toEqual([]);
    socket.close();
  });

  test.each([
    ["a file that is not there", undefined, "There is no guard module at"],
    ["an error", "export default {", /ERROR[^]*guards\.ts:1:16:/],
    ["no default export", "export const guards = {};", "has no default export"],
  ])("with %s are a clear error", async (_, text, message) => {
    const [assembly, guards] = fixture("x");
    if (text === undefined) rmSync(guards);
    else writeFileSync(guards, text);
    const failed = start(assembly, { guards });
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(message);
  });
});

describe("an app that is synthesized again", () => {
  test("serves a new route on a socket that stays open", async () => {
    const { system, assembly } = await start(writeFixture(ECHO), { watch: true });
    const socket = await open(system.websocketUrl);
    const file = join(assembly, "App.template.json");
    const template = readFileSync(file, "utf8").replaceAll('"RouteKey":"ping"', '"RouteKey":"pong"');
    writeFileSync(file, template);
    writeFileSync(join(assembly, "manifest.json"), readFileSync(join(assembly, "manifest.json")));
    await until(() => "pong" in system.model.api.routes);
    expect(await ask(socket, { action: "pong" })).toMatchObject({ route: "pong" });
    socket.close();
  });

  test("because its sources changed is read again", async () => {
    const project = writeFixture(ECHO);
    const app = `
      const { cpSync, readFileSync, writeFileSync } = require("node:fs");
      const { CDK_OUTDIR: out } = process.env;
      for (const name of ["asset.0123abcd", "App.assets.json", "manifest.json"]) cpSync(name, out + "/" + name, { recursive: true });
      const { route } = JSON.parse(readFileSync("route.json", "utf8"));
      const template = readFileSync("App.template.json", "utf8").replaceAll('"RouteKey":"ping"', '"RouteKey":"' + route + '"');
      writeFileSync(out + "/App.template.json", template);`;
    writeFileSync(join(project, "app.js"), app);
    writeFileSync(join(project, "cdk.json"), JSON.stringify({ app: "node app.js" }));
    writeFileSync(join(project, "route.json"), JSON.stringify({ route: "first" }));
    const { system } = await start(project, { assembly: undefined, project, watch: true });
    const socket = await open(system.websocketUrl);
    const before = (await ask(socket, { action: "first" })) as { pid: number };
    writeFileSync(join(project, "route.json"), JSON.stringify({ route: "second" }));
    await until(() => "second" in system.model.api.routes);
    expect(await ask(socket, { action: "second" })).toMatchObject({ route: "second", pid: before.pid });
    socket.close();
  });

  test("that cannot be read changes nothing", async () => {
    const { system, assembly } = await start(writeFixture(ECHO));
    writeFileSync(join(assembly, "App.template.json"), "{");
    await expect(system.reload()).rejects.toThrow(UserError);
    expect(Object.keys(system.model.api.routes)).toEqual(["$connect", "ping"]);
  });
});
