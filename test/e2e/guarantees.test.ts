import { Duration } from "aws-cdk-lib";
import { Meta } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";
import { firstDeliveries } from "./support/wire.js";

// Thousands of requests, on however busy a machine.
jest.setTimeout(900_000);

/** Unlimited: these tests make more requests a second than the template's default throttles let through. */
const GENEROUS = { rateLimit: 100_000, burstLimit: 100_000 };
const THROTTLING = {
  connect: GENEROUS,
  disconnect: GENEROUS,
  subscribe: GENEROUS,
  unsubscribe: GENEROUS,
  publish: GENEROUS,
};

/** All by default. .ci/run makes fewer of the runs in which the number does not matter. */
const TRIALS = Number(process.env["PUSH_IT_TEST_TRIALS"] ?? 1_000);

/** How many publish frames wait for their answers at a time. */
const MOST_UNANSWERED = 20;

describe("acknowledged means live", () => {
  it(`misses none of ${TRIALS} messages published by another client after the acknowledgement`, async () => {
    const system = await TestSystem.start({
      props: { throttling: THROTTLING, limits: { subscriptionsPerAgent: TRIALS, publicationsPerSecond: 10_000 } },
    });
    try {
      const [subscriber, publisher] = await Promise.all([system.connect(), system.connect()]);
      for (let trial = 0; trial < TRIALS; trial += 1) {
        const channel = `trial/${trial}`;
        expect((await subscriber.subscribe(channel)).successful).toBe(true);
        expect((await publisher.publish(channel, trial)).successful).toBe(true);
        // A round trip of the subscriber's own connection: all earlier posts have arrived.
        await subscriber.message(trial);
      }
      expect(firstDeliveries(subscriber.messages())).toHaveLength(TRIALS);
    } finally {
      await system.close();
    }
  });

  it("removes no live agent while a slow connection guard subscribes it", async () => {
    const guards = `
      export default {
        async onConnectionRequest(agent) {
          if (agent.credentials === "slow") await new Promise((resolve) => setTimeout(resolve, 2000));
          agent.subscribe("fire");
          agent.connected();
        },
      };
    `;
    // Long, because five guards start at once while many publications keep the machine busy.
    const timeouts = { onConnectionRequest: Duration.seconds(20) };
    const system = await TestSystem.start({
      guards,
      props: { timeouts, throttling: THROTTLING, limits: { publicationsPerSecond: 10_000 } },
    });
    let shots = 0;
    let fire: NodeJS.Timeout | undefined;
    try {
      const publisher = await system.connect();
      const answered = () => publisher.received.filter(({ channel }) => channel === Meta.successful).length;
      // Every millisecond, as long as the machine keeps up: an engine that is flooded with requests proves nothing.
      fire = setInterval(() => {
        if (shots - answered() < MOST_UNANSWERED) {
          publisher.send({ action: "publish", channel: "fire", uuid: `f-${shots}`, data: (shots += 1) });
        }
      }, 1);
      const slow = await Promise.all(Array.from({ length: 5 }, () => system.connect({ credentials: "slow" })));
      await Promise.all(slow.map((agent) => agent.ping()));
      const promised = shots;
      await Promise.all(slow.map((agent) => agent.message(promised + 50)));
      clearInterval(fire);
      await publisher.until(() => answered() === shots, "the answers to all shots");
      for (const agent of slow) {
        await agent.ping();
        const received = new Set(agent.messages("fire").map(({ data }) => data));
        const missed = Array.from({ length: shots - promised }, (_, at) => promised + at + 1).filter(
          (data) => !received.has(data),
        );
        expect(missed).toEqual([]);
        expect(agent.closed).toBeUndefined();
        expect(firstDeliveries(agent.messages("fire"))).toHaveLength(received.size);
      }
      const agents = (await system.rows()).filter(({ sk }) => sk === "agent");
      expect(agents).toHaveLength(6);
    } finally {
      clearInterval(fire);
      await system.close();
    }
  });
});

describe("one publisher, one order", () => {
  it("keeps the order of awaited frames, and of messages within a frame", async () => {
    const system = await TestSystem.start();
    try {
      const [publisher, subscriber] = await Promise.all([system.connect(), system.connect()]);
      await subscriber.subscribe("order");
      for (let frame = 0; frame < 20; frame += 1) {
        const messages = Array.from({ length: 5 }, (_, at) => ({
          channel: "order",
          uuid: `o-${frame}-${at}`,
          data: frame * 5 + at,
        }));
        publisher.send({ action: "publish", messages });
        await publisher.answers(`o-${frame}-4`);
      }
      await subscriber.message(99);
      const order = firstDeliveries(subscriber.messages()).map(({ data }) => data);
      expect(order).toEqual(Array.from({ length: 100 }, (_, at) => at));
    } finally {
      await system.close();
    }
  });
});
