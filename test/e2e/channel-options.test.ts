import { Duration } from "aws-cdk-lib";
import { TestSystem } from "./support/system.js";

// A system has to be synthesized and started, on however busy a machine.
jest.setTimeout(300_000);

const CHANNELS = {
  "prices/*": { latest: true },
  "busy/*": { linger: Duration.millis(500) },
  "ticker/*": { linger: Duration.millis(100), latest: true },
  "big/*": { shards: 4 },
};

/** How often the functions called were, by the end of their names. */
const runsOf = (system: TestSystem, name: string): number =>
  system.invocations.filter(({ functionId }) => functionId === system.functionOf(`PushIt${name}`)).length;

describe("a channel that keeps its last message", () => {
  it("sends the latest message to new subscribers, through the delivery guard", async () => {
    const guards = `
      export default {
        onConnectionRequest(agent) { agent.connected(); },
        onSubscriptionRequest(channel, agent) { agent.subscribe(channel); },
        onPublicationRequest(channel, agent, message) { channel.publish(message); agent.publicationSuccess(message); },
        channels: { "prices/secret": { async onMessageReceived() {} } },
      };
    `;
    const system = await TestSystem.start({ guards, props: { channels: CHANNELS } });
    try {
      const publisher = await system.connect();
      await publisher.subscribe("prices/gold");
      await publisher.publish("prices/gold", 1);
      await publisher.publish("prices/gold", 2);
      await publisher.publish("prices/secret", 3);
      await publisher.message(2);
      const [first, second] = publisher.messages("prices/gold");
      expect(second!.offset).toBe(first!.offset! + 1);

      const late = await system.connect();
      const { data } = await late.subscribe("prices/gold");
      const { uuid, at, offset } = second!;
      expect(data).toEqual({ channel: "prices/gold", latest: { uuid, data: 2, at, offset } });
      expect(Math.abs(Date.now() - at!)).toBeLessThan(600_000);
      expect((await late.subscribe("prices/secret")).data).toEqual({ channel: "prices/secret" });
      expect((await late.subscribe("prices/none")).data).toEqual({ channel: "prices/none" });
    } finally {
      await system.close();
    }
  });
});

describe("a channel with shards", () => {
  it("reaches each subscriber once, also through workers, and cleans every shard", async () => {
    const count = 16;
    const system = await TestSystem.start({
      props: { channels: CHANNELS, wildcards: ["big/*"], fanOutThreshold: 5 },
      queueWaitScale: 0.2,
    });
    try {
      const wires = await Promise.all(Array.from({ length: count }, () => system.connect()));
      for (const [at, wire] of wires.entries()) await wire.subscribe(at % 4 === 0 ? "big/*" : "big/1");
      const shards = async () =>
        new Set((await system.rows()).flatMap(({ pk }) => (pk?.startsWith("c#big/1") ? [pk] : [])));
      expect((await shards()).size).toBeGreaterThan(1);

      await wires[0]!.publish("big/1", "all");
      for (const wire of wires) await wire.message("all");
      await system.invoked(() => runsOf(system, "Deliver") >= 1, "a worker");
      for (const wire of wires) expect(wire.messages("big/1")).toHaveLength(1);

      for (const [at, wire] of wires.entries()) await wire.unsubscribe(at % 4 === 0 ? "big/*" : "big/1");
      expect((await system.rows()).filter(({ pk }) => pk?.startsWith("c#"))).toEqual([]);
    } finally {
      await system.close();
    }
  });
});

describe("a channel that lingers", () => {
  it("delivers gathered messages in order in one frame, and empties the log", async () => {
    const system = await TestSystem.start({ props: { channels: CHANNELS } });
    try {
      const [subscriber, publisher] = await Promise.all([system.connect(), system.connect()]);
      await subscriber.subscribe("busy/1");
      await subscriber.subscribe("ticker/1");
      const count = 20;
      for (let at = 1; at <= count; at += 1) expect((await publisher.publish("busy/1", at)).successful).toBe(true);
      await subscriber.message(count);
      expect(subscriber.messages("busy/1").map(({ data }) => data)).toEqual(
        Array.from({ length: count }, (_, at) => at + 1),
      );

      for (const data of ["a", "b"]) await publisher.publish("ticker/1", data);
      await subscriber.message("b");
      const { data } = await publisher.subscribe("ticker/1");
      expect(data).toMatchObject({ latest: { data: "b" } });
      await system.invoked(() => runsOf(system, "Flush") >= 2, "the flushers to leave");
      const kinds = (await system.rows()).map(({ pk }) => pk?.slice(0, 2));
      expect(kinds).not.toContain("l#");
      expect(kinds).not.toContain("f#");
    } finally {
      await system.close();
    }
  });

  it("loses nothing when its flusher is killed, because Lambda runs it again", async () => {
    // A flusher that may run for two seconds, and waits for three, is killed while it waits.
    const linger = Duration.seconds(3);
    const props = {
      channels: { "busy/*": { linger } },
      fanOutBudget: Duration.seconds(1),
      timeouts: { onMessageReceived: Duration.millis(100), onDisconnect: Duration.millis(100) },
    };
    const system = await TestSystem.start({
      props,
      // By then, the lease of the killed flusher is over.
      asyncRetryScale: 0.25,
      edit: (template) => {
        for (const [id, { Properties }] of Object.entries(template.Resources ?? {})) {
          if (id.startsWith("PushItFlushFunction")) (Properties as { Timeout: number }).Timeout = 2;
        }
      },
    });
    try {
      const [subscriber, publisher] = await Promise.all([system.connect(), system.connect()]);
      await subscriber.subscribe("busy/1");
      for (const data of [1, 2, 3]) expect((await publisher.publish("busy/1", data)).successful).toBe(true);
      await system.invoked(() => runsOf(system, "Flush") >= 1, "the flusher that was killed");
      await subscriber.message(3);
      expect(subscriber.messages("busy/1").map(({ data }) => data)).toEqual([1, 2, 3]);
      await system.invoked(() => runsOf(system, "Flush") >= 2, "the flusher that was run again");
      const killed = system.invocations.filter(
        ({ functionId, result }) => functionId === system.functionOf("PushItFlush") && !result.ok,
      );
      expect(killed).toHaveLength(1);
      expect((await system.rows()).filter(({ pk }) => /^[lf]#/.test(String(pk)))).toEqual([]);
    } finally {
      await system.close();
    }
  });
});

describe("a system without such channels", () => {
  it("has no flusher, and its publications write nothing", async () => {
    const system = await TestSystem.start();
    try {
      expect(() => system.functionOf("PushItFlush")).toThrow("there is no function");
      const client = await system.connect();
      await client.subscribe("prices/1");
      await client.publish("prices/1", 1);
      await client.message(1);
      expect((await system.rows()).filter(({ pk }) => /^[vlf]#/.test(String(pk)))).toEqual([]);
    } finally {
      await system.close();
    }
  });
});
