import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newFolder, removeFolders } from "../assembly/support.js";
import { open, until, writeFixture } from "../dev/support.js";
import { alive, descendants, launch } from "./support.js";

afterEach(removeFolders);

const FUNCTION = `
  import { spawn } from "node:child_process";
  spawn("sleep", ["1000"]);
  export const handler = async () => ({ statusCode: 200 });`;

describe("push-it-cli dev --json", () => {
  /** Starts it, with one frozen environment that has a process of its own, and a temporary folder that can be looked at. */
  const started = async () => {
    const tmp = newFolder();
    const launched = launch(["dev", "--port", "0", "--json", "--app", writeFixture(FUNCTION)], {
      env: { ...process.env, TMPDIR: tmp },
    });
    const { websocketUrl } = await launched.ready;
    const socket = await open(websocketUrl);
    socket.on("error", () => undefined);
    const below = descendants(launched.child.pid!);
    expect(below.map(([, args]) => args)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("bootstrap.mjs"),
        "sleep 1000",
        expect.stringContaining("reaper"),
      ]),
    );
    return { ...launched, pids: below.map(([pid]) => pid), tmp };
  };

  const folders = (tmp: string) => readdirSync(tmp).filter((name) => name.startsWith("push-it-"));

  test("prints one line when it is ready, and everything else on stderr", async () => {
    const { child, output, ready } = await started();
    const line = await ready;
    expect(output.stdout).toBe(`${JSON.stringify(line)}\n`);
    const { port } = new URL(line.consoleUrl);
    expect(line).toMatchObject({
      construct: "App/PushIt",
      websocketUrl: `ws://127.0.0.1:${port}/live`,
      managementUrl: `http://127.0.0.1:${port}/live`,
      consoleUrl: `http://127.0.0.1:${port}/`,
      readyMs: expect.any(Number),
    });
    // This app has no publisher.
    expect(line.credentials).toBeUndefined();
    expect(output.stderr).toMatch(/App\/PushIt\n {2}run {6}.*Lambda::Function/);
    await until(() => /\$connect +\d+ ms {2}200 {2}cold start/.test(output.stderr));
    child.kill("SIGTERM");
    await once(child, "close");
  });

  test("prints AWS's bill at its end if it was metered", async () => {
    const { child, output, ready } = launch([
      "dev",
      "--port",
      "0",
      "--json",
      "--meter",
      "--quotas",
      "--app",
      writeFixture(FUNCTION),
    ]);
    const socket = await open((await ready).websocketUrl);
    socket.on("error", () => undefined);
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output.stderr).toMatch(
      /What AWS would bill +used +USD\n.*\n? *API Gateway connection minutes[^]*Lambda requests +1 [^]*together/,
    );
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "ends on %s with exit code 0 and leaves nothing",
    async (signal) => {
      const { child, pids, tmp } = await started();
      child.kill(signal);
      expect(await once(child, "close")).toEqual([0, null]);
      await until(() => !pids.some(alive));
      expect(folders(tmp)).toEqual([]);
    },
  );

  test("leaves no process if it is killed, not even frozen ones", async () => {
    const { child, pids, tmp } = await started();
    child.kill("SIGKILL");
    await once(child, "close");
    await until(() => !pids.some(alive));
    await until(() => folders(tmp).length === 0);
  });

  test("leaves nothing if it is stopped while the app synthesizes", async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, "cdk.json"), JSON.stringify({ app: "touch begun; sleep 1000" }));
    const { child } = launch(["dev", "--port", "0"], { cwd });
    await until(() => existsSync(join(cwd, "begun")));
    const pids = descendants(child.pid!).map(([pid]) => pid);
    expect(pids.length).toBeGreaterThan(1);
    child.kill("SIGTERM");
    await once(child, "close");
    await until(() => !pids.some(alive));
  });
});

test("without --json a banner says what to do", async () => {
  const { child, output } = launch(["dev", "--port", "0", "--app", writeFixture(FUNCTION)]);
  await until(() => output.stdout.includes("Ctrl-C"));
  expect(output.stdout).toMatch(/Console {3}http:\/\/127\.0\.0\.1:\d+\/\n/);
  expect(output.stdout).not.toContain("\u001b");
  child.kill("SIGTERM");
  await once(child, "close");
});
