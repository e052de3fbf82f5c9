import { once } from "node:events";
import { newFolder, removeFolders } from "../assembly/support.js";
import { until, writeFixture } from "../dev/support.js";
import { alive, descendants, launch, type Launched, run } from "./support.js";

const FUNCTION = "export const handler = async () => ({ statusCode: 200 });";

/** The arguments that run a small app. */
const dev = (...more: string[]): string[] => ["dev", "--port", "0", "--json", "--app", writeFixture(FUNCTION), ...more];

/** A program in JavaScript. */
const program = (code: string): string[] => ["--", process.execPath, "-e", code];

afterEach(removeFolders);

describe("push-it-cli dev -- COMMAND", () => {
  const folder = () => ({ env: { ...process.env, TMPDIR: newFolder() } });

  test("starts the program with the address, and ends with its status", async () => {
    const code = "console.log(process.env.PUSH_IT_URL, process.env.AWS_ENDPOINT_URL_LAMBDA); process.exit(3)";
    const { child, output, ready } = launch(dev(...program(code)), folder());
    const { websocketUrl, environment, ports } = await ready;
    expect(await once(child, "close")).toEqual([3, null]);
    expect(output.stderr).toContain(`${websocketUrl} ${environment.AWS_ENDPOINT_URL_LAMBDA}\n`);
    await expect(fetch(`http://127.0.0.1:${ports.gateway}`)).rejects.toThrow();
  });

  test("keeps its own line of JSON alone on stdout", async () => {
    const { child, output, ready } = launch(dev(...program("console.log('noise')")), folder());
    const line = await ready;
    await once(child, "close");
    expect(output.stdout).toBe(`${JSON.stringify(line)}\n`);
  });

  /** The process of the program, once it runs. */
  const running = async ({ child, output }: Launched): Promise<number> => {
    await until(() => output.stderr.includes("page served"));
    return descendants(child.pid!).find(([, args]) => args.includes("page served"))![0];
  };

  test.each(["SIGINT", "SIGTERM"] as const)("ends the program on %s", async (signal) => {
    const launched = launch(dev(...program("console.log('page served'); setInterval(() => {}, 1000)")), folder());
    const pid = await running(launched);
    launched.child.kill(signal);
    expect(await once(launched.child, "close")).toEqual([0, null]);
    expect(alive(pid)).toBe(false);
  });

  test("reports a program that cannot be started, and ends", async () => {
    const { code, stderr } = await run(dev("--", "push-it-no-such-program"), folder());
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /✗ push-it-no-such-program cannot be started: .*ENOENT\.\n→ Install push-it-no-such-program/,
    );
  });

  test("refuses -- without a program", async () => {
    const { code, stderr } = await run(["dev", "--"], folder());
    expect([code, stderr]).toEqual([1, expect.stringContaining("There is no command after --.")]);
  });
});
