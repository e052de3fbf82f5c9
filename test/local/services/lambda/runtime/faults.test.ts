import { setTimeout as sleep } from "node:timers/promises";
import { startBench, stopBenches } from "./support.js";

afterEach(stopBenches);

/** Returns its access key, by which faults select it, and its process id. */
const KEY = `
  export const handler = async ({ ms = 0 }) => {
    console.log(process.env.AWS_ACCESS_KEY_ID);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return process.pid;
  };`;

describe("environments under faults", () => {
  test("a retired environment serves no second event", async () => {
    const retire = [true, false];
    const asked: string[] = [];
    const { runtime, reports } = startBench(
      KEY,
      {},
      { faults: { retire: (id) => (asked.push(id), retire.shift() === true) } },
    );
    const pids = [];
    for (let event = 0; event < 3; event += 1) pids.push(await runtime.invoke("F", {}));
    expect(reports.map(({ cold }) => cold)).toEqual([true, true, false]);
    expect(pids[1]).not.toEqual(pids[0]);
    expect(pids[2]).toEqual(pids[1]);
    expect(asked).toEqual(["F", "F", "F"]);
  });

  /** The access key of the environment that serves an event at the moment. */
  const keyIn = async (log: { message: string }[]): Promise<string> => {
    for (;;) {
      const [key] = log.flatMap(({ message }) => /ASIA\w+/.exec(message) ?? []);
      if (key !== undefined) return key;
      await sleep(10);
    }
  };

  test("killing an environment by access key ends its event as a crash", async () => {
    const { runtime, log } = startBench(KEY);
    const running = runtime.invoke("F", { ms: 4_000 });
    runtime.environments.kill(await keyIn(log));
    expect(await running).toMatchObject({ ok: false, kind: "crash" });
  });

  test("a frozen environment's event times out, and it is not used again", async () => {
    const { runtime, log } = startBench(KEY, { timeoutSeconds: 2 });
    const running = runtime.invoke("F", { ms: 500 });
    runtime.environments.freeze(await keyIn(log));
    expect(await running).toMatchObject({ ok: false, kind: "timeout" });
    expect(await runtime.invoke("F", {})).toMatchObject({ ok: true });
  });

  test("an idle environment is spared", async () => {
    const { runtime, log } = startBench(KEY);
    const first = await runtime.invoke("F", {});
    runtime.environments.kill(await keyIn(log));
    runtime.environments.kill("ASIANOBODY");
    expect(await runtime.invoke("F", {})).toEqual(first);
  });
});
