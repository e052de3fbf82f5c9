import { Duration } from "aws-cdk-lib";
import { type Answer, Meta, PROTOCOL_DENIED } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

/** Exhausting memory may take longer than the guard has: the machine decides which of the two it is. */
const EITHER = expect.stringMatching(/^guard_(failed|timeout)$/) as string;

/** Ways not to answer, by the code that the client then reads. */
const MODES = {
  "never answers": "guard_timeout",
  "answers late": "guard_timeout",
  "loops for ever": "guard_timeout",
  throws: "guard_failed",
  rejects: "guard_failed",
  exits: "guard_failed",
  "exhausts memory": EITHER,
  "exhausts memory outside its heap": EITHER,
  "returns garbage": "guard_timeout",
} as const;

type Mode = keyof typeof MODES;

/** What each guard does in each mode, whichever guard it is: `say` would be its positive verdict. */
const GUARDS = `
  const modes = {
    "never answers": () => new Promise(() => undefined),
    "answers late": (say) => new Promise((resolve) => setTimeout(() => { say(); resolve(undefined); }, 1500)),
    "loops for ever": () => { for (;;); },
    throws: () => { throw new Error("planted secret"); },
    rejects: () => Promise.reject(new Error("planted secret")),
    exits: () => process.exit(0),
    "exhausts memory": () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); },
    "exhausts memory outside its heap": () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); },
    "returns garbage": () => ({ permitted: true, connected: true }),
  };
  const act = (mode, say) => (modes[mode] ?? ((say) => say()))(say);
  const modeOf = (channel) => channel.name.split("/").pop().replaceAll("_", " ");

  export default {
    onConnectionRequest: (agent) => act(agent.credentials?.connect, () => agent.connected()),
    onSubscriptionRequest: (channel, agent) =>
      channel.name.startsWith("sub/") ? act(modeOf(channel), () => agent.subscribe(channel)) : agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) {
      channel.publish(message);
      const say = () => agent.publicationSuccess(message);
      return channel.name.startsWith("pub/") ? act(modeOf(channel), say) : say();
    },
    onUnsubscriptionRequest: (channel, agent) =>
      channel.name.startsWith("unsub/") ? act(modeOf(channel), () => agent.unsubscribe(channel)) : agent.unsubscribe(channel),
    channels: {
      "deliver/*": {
        onMessageReceived: (channel, agent, message) => act(modeOf(channel), () => agent.deliver(channel, message)),
      },
    },
    onDisconnect: (agent) => act(agent.credentials?.disconnect, () => undefined),
  };
`;

/** Every guard's timeout here, and how much later the client may learn of it. */
const TIMEOUT_MS = 1_000;
const GRACE_MS = 2_000;

describe("a guard that does not answer permits nothing", () => {
  let system: TestSystem;
  beforeAll(async () => {
    const second = Duration.millis(TIMEOUT_MS);
    system = await TestSystem.start({ guards: GUARDS, props: { timeouts: { onConnectionRequest: second, onDisconnect: second } } });
    // A cold start is not a guard's: every function has run once before anything is timed.
    const warm = await system.connect({ credentials: {} });
    await warm.subscribe("warm");
    await warm.publish("warm", 1);
    await warm.unsubscribe("warm");
  }, 60_000);
  afterAll(() => system.close());

  const path = (prefix: string, mode: Mode) => `${prefix}/${mode.replaceAll(" ", "_")}`;
  const timed = async (ask: () => Promise<Answer>): Promise<Answer> => {
    const begun = performance.now();
    const answer = await ask();
    expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + GRACE_MS);
    expect(JSON.stringify(answer)).not.toContain("planted secret");
    return answer;
  };
  const goesOn = async (agent: Wire): Promise<void> => {
    expect((await agent.subscribe("after")).successful).toBe(true);
    expect((await agent.publish("after", "still works")).successful).toBe(true);
    await agent.message("still works");
  };

  describe.each(Object.keys(MODES) as Mode[])("that %s", (mode) => {
    const code = MODES[mode];

    it("on connection: no agent exists, and the client learns why", async () => {
      const begun = performance.now();
      const denied = await system.connect({ credentials: { connect: mode } });
      expect(denied.protocol).toBe(PROTOCOL_DENIED);
      const answer = await denied.request({ action: "connect", channel: Meta.connect });
      expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + GRACE_MS);
      expect(answer).toMatchObject({ channel: "/meta/connect", successful: false, code });
      await denied.ended();
    });

    it("on subscription: denied by uuid, and nothing is stored", async () => {
      const agent = await system.connect({ credentials: {} });
      const channel = path("sub", mode);
      const answer = await timed(() => agent.subscribe(channel));
      expect(answer).toMatchObject({ channel: "/meta/subscribe", successful: false, code, data: { channel } });
      expect((await system.rows()).filter(({ pk }) => pk === `c#${channel}`)).toEqual([]);
      await goesOn(agent);
    });

    it("on publication: denied by uuid, and nobody receives what was staged", async () => {
      const agent = await system.connect({ credentials: {} });
      const channel = path("pub", mode);
      await agent.subscribe(channel);
      expect(await timed(() => agent.publish(channel, 1))).toMatchObject({ channel: "/meta/error", successful: false, code });
      await goesOn(agent);
      expect(agent.messages(channel)).toEqual([]);
    });

    it("on unsubscription: denied by uuid, and the agent stays subscribed", async () => {
      const agent = await system.connect({ credentials: {} });
      const channel = path("unsub", mode);
      await agent.subscribe(channel);
      expect(await timed(() => agent.unsubscribe(channel))).toMatchObject({ channel: "/meta/unsubscribe", successful: false, code });
      await agent.publish(channel, "still subscribed");
      await agent.message("still subscribed");
    });

    it("on delivery: the message is dropped, and the publisher is answered", async () => {
      const agent = await system.connect({ credentials: {} });
      const channel = path("deliver", mode);
      await agent.subscribe(channel);
      expect(await timed(() => agent.publish(channel, 1))).toMatchObject({ channel: "/meta/successful", successful: true });
      await goesOn(agent);
      expect(agent.messages(channel)).toEqual([]);
    });

    it("on disconnection: what was known of the agent is gone all the same", async () => {
      const agent = await system.connect({ credentials: { disconnect: mode } });
      const { connectionId } = await system.connectionOf(agent);
      await agent.subscribe("left");
      await agent.close();
      expect((await system.disconnected(connectionId)).result.ok).toBe(true);
      expect((await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId))).toEqual([]);
    });
  });
});

describe("guards that cannot be loaded", () => {
  it.each([
    ["throw", 'throw new Error("planted secret");'],
    ["export no object", "export default 1 as unknown as object;"],
    ["export something that is no guard", "export default { onSubscriptionRequest: 1 };"],
    ["guard a channel that cannot be", 'export default { channels: { "a*": {} } };'],
    ["loop for ever", "for (;;);"],
    ["exit", "process.exit(0);"],
  ])("because they %s permit nothing", async (_name, guards) => {
    const timeout = Duration.millis(TIMEOUT_MS);
    const system = await TestSystem.start({ guards: guards.includes("default") ? guards : `${guards}\nexport default {};`, props: { timeouts: { onConnectionRequest: timeout } } });
    try {
      const denied = await system.connect({ credentials: 1 });
      expect(denied.protocol).toBe(PROTOCOL_DENIED);
      const answer = await denied.request({ action: "connect", channel: Meta.connect });
      expect(answer).toMatchObject({ successful: false, code: expect.stringMatching(/^guard_(timeout|failed)$/) });
      expect(answer.error).not.toContain("planted secret");
      expect((await system.rows()).filter(({ u }) => u)).toEqual([]);
    } finally {
      await system.close();
    }
  });
});
