import type { Message } from "../../../protocol/index.js";
import { limiter } from "../../../lambdas/util/limiter.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { FAILURES } from "./failures.js";
import { closeGuards, GRACE, guardFolder, timed } from "./harness.js";

afterEach(closeGuards);

/** A delivery guard that fails for the agents in `victims`, and delivers to all others after `others`. */
const failing = (body: string, others = "", victims = ["uuid-of-c7"]) => `{
  async onMessageReceived(channel, agent, message) {
    if (${JSON.stringify(victims)}.includes(agent.uuid)) { ${body} return; }
    ${others}
    agent.deliver(channel, { ...message, data: message.data + " for " + agent.uuid });
  },
}`;

/** A guard's time, in milliseconds: those that are run again have a new thread to wait for, on a busy machine. */
const TIME = 2_500;

/** The time of all deliveries, in milliseconds. */
const WITHIN = 60_000;

/** Delivers to `c0` … `c19`, all at once, and tells which of them got theirs. */
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

describe("one recipient's guard touches no other: of twenty, nineteen get their message when one's guard", () => {
  test.each(Object.entries(FAILURES).filter(([how]) => !/answers/.test(how)))("%s", async (_, { body }) => {
    const folder = await guardFolder(failing(body), { timeout: TIME }).ready();
    const { got, took } = await deliverToTwenty(folder);
    expect(got).toEqual(all([7]));
    expect(took).toBeLessThan(TIME + GRACE);
  });

  test.each(Object.entries(FAILURES).filter(([how]) => /loops|exits|memory|nobody waits|timer/.test(how)))(
    "%s, while the others still wait for something",
    async (_, { body }) => {
      const folder = await guardFolder(failing(body, WAIT), { timeout: TIME }).ready();
      const { got, took } = await deliverToTwenty(folder);
      expect(got).toEqual(all([7]));
      expect(took).toBeLessThan(TIME + GRACE);
    },
  );
});

describe("several recipients whose guards take the thread with them", () => {
  test("still touch no other", async () => {
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

  test("end within the time that all deliveries have", async () => {
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
  test("gets the guard's time, or what is left of the fan-out's: then it is late, and the guard is not blamed", async () => {
    const folder = await guardFolder("{ async onMessageReceived() { await new Promise(() => {}); } }").ready();
    const { value, took } = await timed(folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), 50));
    expect(value).toBe("late");
    expect(took).toBeLessThan(GRACE);
    expect(folder.log.events()).toEqual([]);
  });

  test("that used up the guard's own time is dropped, and the guard is blamed", async () => {
    const folder = await guardFolder("{ async onMessageReceived() { await new Promise(() => {}); } }", {
      timeout: 100,
    }).ready();
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), 100)).toBeUndefined();
    expect(folder.log.events()).toEqual(["guard_timeout"]);
  });

  test("is dropped at once by an async guard that does not deliver, silently", async () => {
    const folder = await guardFolder("{ async onMessageReceived(channel, agent) { await null; } }").ready();
    const { value, took } = await timed(folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN));
    expect(value).toBeUndefined();
    expect(took).toBeLessThan(GRACE);
    expect(folder.log.events()).toEqual([]);
  });

  test("may come late from a guard that is not async, if in time", async () => {
    const folder = guardFolder(
      "{ onMessageReceived(channel, agent, message) { setTimeout(() => agent.deliver(channel, message), 30); } }",
    );
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN)).toEqual(messageOf("stories/5"));
  });

  test("by a thousand recipients' guards that work for a millisecond each reaches them all, thirty-two at a time", async () => {
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

describe("whether deliveries are guarded", () => {
  test("is said per channel: unguarded ones are not sent to the thread", async () => {
    const folder = guardFolder('{ channels: { "private/*": { onMessageReceived() {} } } }');
    expect(await folder.guards.guardsDelivery("private/5")).toBe(true);
    expect(await folder.guards.guardsDelivery("stories/5")).toBe(false);
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN)).toEqual(messageOf("stories/5"));
  });

  test("is yes where the module cannot be loaded, and then nothing is delivered", async () => {
    const folder = guardFolder("throw new Error('broken');");
    expect(await folder.guards.guardsDelivery("stories/5")).toBe(true);
    expect(await folder.guards.delivery(agentOf("c1"), messageOf("stories/5"), WITHIN)).toBeUndefined();
  });
});
