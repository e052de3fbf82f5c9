import { SEGMENT_ATTEMPTS } from "../../lambdas/delivery/segments.js";
import { difference } from "../../local/meter/counts.js";
import { Waiting } from "./support/waiting.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

// A system has to be synthesized and started, on however busy a machine.
jest.setTimeout(300_000);

/** Subscribers that the publishing function posts to itself; the others are workers'. */
const THRESHOLD = 20;

const SUBSCRIBERS = 60;

describe("a publication to more subscribers than one function posts to", () => {
  let system: TestSystem;
  let publisher: Wire;
  const crowd: Wire[] = [];
  const slow = new Set<string>();
  /** Connections at whose posts workers die. */
  const deadly = new Set<string>();
  /** Posts that a slow one did not take. */
  let refused = 0;
  const waiting = new Waiting();

  beforeAll(async () => {
    system = await TestSystem.start({
      props: { fanOutThreshold: THRESHOLD },
      queueWaitScale: 0.2,
      faults: {
        beforePost(connectionId) {
          if (deadly.has(connectionId)) system.running.kill(workerId());
          if (!slow.has(connectionId)) return undefined;
          refused += 1;
          waiting.notify();
          return "limit";
        },
      },
    });
    // One after the other: sixty at once would have as many environments started at once.
    for (let at = 0; at < SUBSCRIBERS; at += 1) {
      crowd.push(await system.connect());
      await crowd[at]!.subscribe("crowd");
    }
    publisher = crowd[Math.floor(SUBSCRIBERS / 2)]!;
  });
  afterAll(() => system.close());

  const workerId = (): string =>
    system.running.model.functions.find(({ logicalId }) => /DeliverFunction/.test(logicalId))!.logicalId;
  const delivered = (): number => system.invocations.filter(({ functionId }) => /Deliver/.test(functionId)).length;
  const of = (wire: Wire, uuid: string) =>
    wire.received.filter((each) => each.uuid === uuid && each.successful === undefined);
  const everybody = (uuid: string, wires = crowd) =>
    Promise.all(wires.map((wire) => wire.until(() => of(wire, uuid).length > 0, `message ${uuid}`)));

  it("reaches each subscriber once: the first directly, the others through the queue", async () => {
    const before = delivered();
    expect(await publisher.publish("crowd", 1, { uuid: "m1" })).toMatchObject({ successful: true });
    await everybody("m1");
    for (const wire of crowd) expect(of(wire, "m1")).toHaveLength(1);
    await system.invoked(() => delivered() > before, "a worker");
    expect(delivered() - before).toBe(1);
  });

  it("sends the publisher its own copy and its reply in one frame", async () => {
    const frames = publisher.frames.length;
    await publisher.publish("crowd", 2, { uuid: "m2" });
    await everybody("m2");
    expect(publisher.frames.slice(frames).map((frame) => JSON.parse(frame) as unknown)).toEqual([
      [
        { channel: "crowd", uuid: "m2", data: 2, at: expect.any(Number) },
        { channel: "/meta/successful", uuid: "m2", successful: true },
      ],
    ]);
  });

  it("does not wait for a slow subscriber, which gets the message later", async () => {
    const last = crowd.at(-1)!;
    const { connectionId } = await system.connectionOf(last);
    slow.add(connectionId);
    await publisher.publish("crowd", 3, { uuid: "m3" });
    await everybody("m3", crowd.slice(0, -1));
    expect(of(last, "m3")).toEqual([]);
    slow.clear();
    await everybody("m3");
    expect(last.closed).toBeUndefined();
  });

  it("repeats a segment when its worker dies, and reaches all subscribers", async () => {
    const worker = workerId();
    const { connectionId } = await system.connectionOf(crowd.at(-1)!);
    slow.add(connectionId);
    await publisher.publish("crowd", 4, { uuid: "m4" });
    await everybody("m4", crowd.slice(0, -1));
    // The function has ended: only a worker can try the slow subscriber now.
    const before = refused;
    await waiting.until(
      () => refused > before,
      () => "a worker that tries the slow one",
    );
    expect(system.running.kill(worker)).toBeGreaterThan(0);
    const died = await system.invoked(
      (all) => all.find(({ functionId, result }) => functionId === worker && !result.ok),
      "a worker that died",
    );
    expect(died.result).toMatchObject({ kind: "crash" });
    slow.clear();
    await everybody("m4");
    for (const wire of crowd) expect(of(wire, "m4").length).toBeLessThanOrEqual(2);
  });

  it("closes the recipients when six workers have died of a segment", async () => {
    const last = crowd.at(-1)!;
    const { connectionId } = await system.connectionOf(last);
    const died = (): number =>
      system.invocations.filter(({ functionId, result }) => functionId === workerId() && !result.ok).length;
    const before = died();
    // The publishing function hands it on; each worker dies of it.
    slow.add(connectionId);
    deadly.add(connectionId);
    await publisher.publish("crowd", 5, { uuid: "m5" });
    await everybody("m5", crowd.slice(0, -1));
    await last.ended();
    expect(died() - before).toBe(1 + SEGMENT_ATTEMPTS);
    expect(of(last, "m5")).toEqual([]);
    expect(system.deadSegments).toEqual([]);
  });
});

describe("a publication on a plain channel with a warm function", () => {
  it("makes one Query, then one POST for each subscriber but the publisher", async () => {
    const guards = `
      export default {
        onConnectionRequest(agent) { agent.connected(); },
        onSubscriptionRequest(channel, agent) { agent.subscribe(channel); },
        onPublicationRequest(channel, agent, message) { channel.publish(message); agent.publicationSuccess(message); },
      };
    `;
    const system = await TestSystem.start({ guards, meter: true });
    try {
      const wires = await Promise.all([system.connect(), system.connect()]);
      for (const wire of wires) await wire.subscribe("plain");
      const [publisher, subscriber] = wires;
      const meter = system.running.meter!;
      const publish = async (data: number) => {
        await publisher.publish("plain", data);
        await subscriber.message(data);
        await meter.settled();
        return meter.snapshot();
      };
      // The first finds a cold function, and an agent that is in no cache.
      const before = await publish(1);
      const used = difference(await publish(2), before);
      expect(used.functions[system.functionOf("PushItPublishFunction")]).toMatchObject({
        invocations: 1,
        dynamoDbCalls: 1,
        posts: 1,
        readUnits: 1,
        writeUnits: 0,
      });
      expect(used).toMatchObject({ invocations: 1, queueRequests: expect.any(Number), messagesIn: 1, messagesOut: 2 });
    } finally {
      await system.close();
    }
  });
});
