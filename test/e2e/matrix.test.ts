import { Duration } from "aws-cdk-lib";
import { Guards } from "../../infra/index.js";
import { type Answer, Meta, PROTOCOL, PROTOCOL_DENIED } from "../../protocol/index.js";
import { BEHAVIOURS, type Behaviour, BUSY, GUARDS, type Host, HOSTS, type Place, PLACES, PRELUDE, segmentOf } from "./matrix/behaviours.js";
import { cellOf, type Outcome } from "./matrix/table.js";
import { GuardCode } from "./support/guard-functions.js";
import { TestSystem, type TestSystemOptions } from "./support/system.js";
import type { Wire } from "./support/wire.js";

/** Every guard's timeout here, and how much later the client may learn of it. */
const TIMEOUT_MS = 2_500;
const GRACE_MS = 20_000;

/** The same guards, in a Lambda; what is no verdict at all goes out past `guardHandler`. */
const HANDLER = `
  import { guardHandler } from "push-it-aws/guards";
  ${PRELUDE}
  const inner = guardHandler(${GUARDS});
  const mine = {
    onConnectionRequest: ({ agent }) => agent.credentials?.connect,
    onDisconnect: ({ agent }) => agent.credentials?.disconnect,
    onSubscriptionRequest: ({ channel }) => /^(sub|wild)\\//.test(channel) && channel,
    onUnsubscriptionRequest: ({ channel }) => /^unsub\\//.test(channel) && channel,
    onPublicationRequest: ({ channel }) => /^pub\\//.test(channel) && channel,
    onMessageReceived: ({ channel }) => channel,
  };
  const garbage = (request) => /returns.garbage/.test(mine[request.guard](request) || "");
  export const handler = (request) => (garbage(request) ? modes["returns garbage"]() : inner(request));
`;

const code = new GuardCode();
afterAll(() => code.remove());

const GUARDS_OF: Record<Host, Pick<TestSystemOptions, "guards" | "guardFunctions">> = {
  module: { guards: `${PRELUDE}\nexport default ${GUARDS};` },
  "guard Lambda": {
    guardFunctions(stack) {
      const fn = code.node(stack, "Guard", HANDLER);
      return Guards.fromLambda({
        onConnectionRequest: fn,
        onSubscriptionRequest: fn,
        onUnsubscriptionRequest: fn,
        onPublicationRequest: fn,
        onDisconnect: fn,
        channels: { "deliver/*": { onMessageReceived: fn } },
      });
    },
  },
};

const codesOf = (outcome: Outcome): string[] => outcome.split(" or ");

/** Within the guard's timeout and some grace, and without a word of what the guard threw. */
const inTime = async <T>(ask: () => Promise<T>): Promise<T> => {
  const begun = performance.now();
  const answer = await ask();
  expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + GRACE_MS);
  expect(JSON.stringify(answer)).not.toContain("planted secret");
  return answer;
};

const expectAnswer = (answer: Answer, outcome: Outcome, yes: string, no = yes): void => {
  if (outcome === "permitted") return expect(answer).toMatchObject({ channel: yes, successful: true });
  expect(answer).toMatchObject({ channel: no, successful: false });
  expect(codesOf(outcome)).toContain(answer.code);
};

/** How each cell is tried: it asks the guard, and looks at what the client sees and at what is stored. */
const TRIALS: Record<Place, (system: TestSystem, behaviour: Behaviour, outcome: Outcome) => Promise<void>> = {
  async connect(system, behaviour, outcome) {
    const credentials = { connect: behaviour };
    const wire = await inTime(() => system.connect({ credentials }));
    expect(wire.protocol).toBe(outcome === "permitted" ? PROTOCOL : PROTOCOL_DENIED);
    expectAnswer(await wire.request({ action: "connect", channel: Meta.connect }), outcome, Meta.connect);
    if (outcome !== "permitted") await wire.ended();
    const agents = (await system.rows()).filter(({ c }) => c === JSON.stringify(credentials));
    expect(agents).toHaveLength(outcome === "permitted" ? 1 : 0);
    expect(await rowsOf(system, "c#staged")).toEqual([]);
  },
  async subscribe(system, behaviour, outcome) {
    const channel = `sub/${segmentOf(behaviour)}`;
    const wire = await system.connect({ credentials: {} });
    expectAnswer(await inTime(() => wire.subscribe(channel)), outcome, Meta.subscribe);
    expect(await rowsOf(system, `c#${channel}`)).toHaveLength(outcome === "permitted" ? 1 : 0);
    expect(await rowsOf(system, "c#staged")).toEqual([]);
    await goesOn(wire);
  },
  async "wildcard subscribe"(system, behaviour, outcome) {
    const wildcard = `wild/${segmentOf(behaviour)}/*`;
    const wire = await system.connect({ credentials: {} });
    expectAnswer(await inTime(() => wire.subscribe(wildcard)), outcome, Meta.subscribe);
    expect(await rowsOf(system, `c#${wildcard}`)).toHaveLength(outcome === "permitted" ? 1 : 0);
    expect(await rowsOf(system, "c#staged")).toEqual([]);
    await goesOn(wire);
  },
  async publish(system, behaviour, outcome) {
    const channel = `pub/${segmentOf(behaviour)}`;
    const wire = await system.connect({ credentials: {} });
    await wire.subscribe(channel);
    expectAnswer(await inTime(() => wire.publish(channel, "published")), outcome, Meta.successful, Meta.error);
    await goesOn(wire);
    expect(wire.messages(channel)).toHaveLength(outcome === "permitted" ? 1 : 0);
    expect(await rowsOf(system, "c#staged")).toEqual([]);
  },
  async unsubscribe(system, behaviour, outcome) {
    const channel = `unsub/${segmentOf(behaviour)}`;
    const wire = await system.connect({ credentials: {} });
    await wire.subscribe(channel);
    expectAnswer(await inTime(() => wire.unsubscribe(channel)), outcome, Meta.unsubscribe);
    expect(await rowsOf(system, `c#${channel}`)).toHaveLength(outcome === "permitted" ? 0 : 1);
    await wire.publish(channel, "to who is subscribed");
    await goesOn(wire);
    expect(wire.messages(channel)).toHaveLength(outcome === "permitted" ? 0 : 1);
  },
  async deliver(system, behaviour, outcome) {
    const channel = `deliver/${segmentOf(behaviour)}`;
    const [wire, publisher] = await Promise.all([system.connect({ credentials: {} }), system.connect({ credentials: {} })]);
    await wire.subscribe(channel);
    const answer = await inTime(() => publisher.publish(channel, "delivered"));
    expect(answer).toMatchObject({ channel: Meta.successful, successful: true });
    await goesOn(wire);
    expect(wire.messages(channel).map(({ data }) => data)).toEqual(outcome === "permitted" ? ["delivered"] : []);
  },
  async disconnect(system, behaviour) {
    const wire = await system.connect({ credentials: { disconnect: behaviour } });
    const { connectionId } = await system.connectionOf(wire);
    await wire.subscribe(`left/${segmentOf(behaviour)}`);
    await wire.close();
    expect((await system.disconnected(connectionId)).result.ok).toBe(true);
    expect((await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId))).toEqual([]);
  },
};

const rowsOf = async (system: TestSystem, partition: string) => (await system.rows()).filter(({ pk }) => pk === partition);

/** Whatever the guard did, the connection and its functions still work. */
const goesOn = async (wire: Wire): Promise<void> => {
  expect((await wire.subscribe("after")).successful).toBe(true);
  const mark = `still works ${wire.uuid()}`;
  expect((await wire.publish("after", mark)).successful).toBe(true);
  await wire.message(mark);
};

describe.each(HOSTS)("guards in a %s", (host) => {
  let system: TestSystem;
  beforeAll(async () => {
    const time = Duration.millis(TIMEOUT_MS);
    const timeouts = {
      onConnectionRequest: time,
      onSubscriptionRequest: time,
      onUnsubscriptionRequest: time,
      onPublicationRequest: time,
      onMessageReceived: time,
      onDisconnect: time,
    };
    system = await TestSystem.start({ ...GUARDS_OF[host], props: { timeouts, wildcards: ["wild/*"] } });
    // A cold start is not a guard's: every function has run once before anything is timed.
    const warm = await system.connect({ credentials: {} });
    await warm.subscribe("warm");
    await warm.publish("warm", 1);
    await warm.unsubscribe("warm");
  });
  afterAll(() => system.close());

  describe.each(BEHAVIOURS)("that %s", (behaviour) => {
    const trials = new Map<Place, Promise<void>>();
    const tryIt = (place: Place): Promise<void> => TRIALS[place](system, behaviour, cellOf(host, place, behaviour).outcome);
    beforeAll(() => {
      if (BUSY.has(behaviour)) return;
      for (const place of PLACES) {
        const trial = tryIt(place);
        trial.catch(() => undefined);
        trials.set(place, trial);
      }
    });

    it.each(PLACES)("%s", (place) => trials.get(place) ?? tryIt(place));
  });
});
