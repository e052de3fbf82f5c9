import type { Message } from "../../../protocol/index.js";
import { limiter } from "../../../lambdas/util/limiter.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { FAILURES } from "./failures.js";
import { closeGuards, GRACE, guardFolder, timed } from "./harness.js";

afterEach(closeGuards);

/** A delivery guard that runs `body` for the agents in `victims`, and delivers to all others after `others`. */
const failing = (body: string, others = "", victims = ["uuid-of-c7"]) => `{
  async onMessageReceived(channel, agent, message) {
    if (${JSON.stringify(victims)}.includes(agent.uuid)) { ${body} return; }
    ${others}
    agent.deliver(channel, { ...message, data: message.data + " for " + agent.uuid });
  },
}`;

/** A guard's time, in milliseconds. Guards that run again wait for a new thread, on a busy machine too. */
const TIME = 2_500;

/** The time of all deliveries, in milliseconds. */
const WITHIN = 60_000;

/** Delivers to `c0` … `c19`, all at once. Returns the indices of the recipients that got their message. */
const deliverToTwenty = async (folder: ReturnType<typeof guardFolder>) => {
  const agents = Array.from({ length: 20 }, (_, at) => agentOf(`c${at}`));
  const { value, took } = await timed(
    Promise.all(agents.map((agent) => folder.guards.delivery(agent, messageOf("stories/5"), WITHIN))),
  );
  const got = value.filter((message): message is Message => message !== undefined);
  expect(got.every((message) => /^hello for uuid-of-c\d+$/.test(String(message.data)))).toBe(true);
  return { got: value.flatMap((message, at) => (message ? [at] : [])), took };
};

const all = (except: number[]) => Array.from({ length: 20 }, (_, at) => at).filter((at) => !except.includes(at));

const WAIT = "await new Promise((resolve) => setTimeout(resolve, 40));";

describe("of twenty recipients, nineteen get their message if one guard", () => {
  test.each(Object.entries(FAILURES).filter(([how]) => !/answers/.test(how)))("%s", async (_, { body }) => {
    const folder = await guardFolder(failing(body), { timeout: TIME }).ready();
    const { got, took } = await deliverToTwenty(folder);
    expect(got).toEqual(all([7]));
    expect(took).toBeLessThan(TIME + GRACE);
  });

  test.each(Object.entries(FAILURES).filter(([how]) => /loops|exits|memory|not awaited|timer/.test(how)))(
    "%s while the others still wait",
    async (_, { body }) => {
      const folder = await guardFolder(failing(body, WAIT), { timeout: TIME }).ready();
      const { got, took } = await deliverToTwenty(folder);
      expect(got).toEqual(all([7]));
      expect(took).toBeLessThan(TIME + GRACE);
    },
  );
});

describe("several recipients whose guards end the thread", () => {
  test("the other recipients get their messages", async () => {
    const folder = guardFolder(
      failing(
        `${WAIT} process.exit(1);`,
        WAIT,
        [3, 9, 15].map((at) => `uuid-of-c${at}`),
      ),
      { timeout: TIME },
    );
    const { got } = await deliverToTwenty(folder);
    expect(got).toEqual(all([3, 9, 15]));
  });

  test("all deliveries end within their common time limit", async () => {
    const victims = Array.from({ length: 20 }, (_, at) => `uuid-of-c${at}`);
    const folder = guardFolder(failing("for (;;);", "", victims), { timeout: 200 });
    const { value, took } = await timed(
      Promise.all(victims.map((_, at) => folder.guards.delivery(agentOf(`c${at}`), messageOf("stories/5"), 1_000))),
    );
    expect(value.every((message) => message === undefined || message === "late")).toBe(true);
    expect(took).toBeLessThan(1_000 + GRACE);
  });
});

describe("a delivery", () => {
  test("is late, without an error, if the fan-out's time is over", async () => {
    const folder = await guardFolder("{ async onMessageReceived() { await new Promise(() => {}); } }").ready();
    const { value, took } = await timed(folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), 50));
    expect(value).toBe("late");
    expect(took).toBeLessThan(GRACE);
    expect(folder.log.events()).toEqual([]);
  });

  test("is dropped and logged if the guard used up its own time", async () => {
    const folder = await guardFolder("{ async onMessageReceived() { await new Promise(() => {}); } }", {
      timeout: 100,
    }).ready();
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), 100)).toBeUndefined();
    expect(folder.log.events()).toEqual(["guard_timeout"]);
  });

  test("is dropped silently if an async guard returns without delivering", async () => {
    const folder = await guardFolder("{ async onMessageReceived(channel, agent) { await null; } }").ready();
    const { value, took } = await timed(folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN));
    expect(value).toBeUndefined();
    expect(took).toBeLessThan(GRACE);
    expect(folder.log.events()).toEqual([]);
  });

  test("may be decided later by a guard that is not async", async () => {
    const folder = guardFolder(
      "{ onMessageReceived(channel, agent, message) { setTimeout(() => agent.deliver(channel, message), 30); } }",
    );
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN)).toEqual(messageOf("stories/5"));
  });

  // Each guard works for a millisecond.
  test("reaches 1,000 recipients, 32 at a time, through one thread", async () => {
    const folder = guardFolder(
      failing("", "for (const until = performance.now() + 1; performance.now() < until;);", []),
    );
    const limited = limiter(32);
    const got = await Promise.all(
      Array.from({ length: 1_000 }, (_, at) =>
        limited(() => folder.guards.delivery(agentOf(`c${at}`), messageOf("stories/5"), WITHIN)),
      ),
    );
    expect(got.filter((message) => message !== undefined)).toHaveLength(1_000);
    expect(folder.started).toBe(1);
  });
});

describe("guardsDelivery", () => {
  // Their messages are not sent to the thread.
  test("returns false for channels without a delivery guard", async () => {
    const folder = guardFolder('{ channels: { "private/*": { onMessageReceived() {} } } }');
    expect(await folder.guards.guardsDelivery("private/5")).toBe(true);
    expect(await folder.guards.guardsDelivery("stories/5")).toBe(false);
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN)).toEqual(messageOf("stories/5"));
  });

  // Nothing is delivered then.
  test("returns true if the module cannot be loaded", async () => {
    const folder = guardFolder("throw new Error('broken');");
    expect(await folder.guards.guardsDelivery("stories/5")).toBe(true);
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN)).toBeUndefined();
  });
});
