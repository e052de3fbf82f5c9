import { leaseKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { encodeSegment } from "../../../../lambdas/delivery/segments.js";
import { putRow } from "../rows.js";
import type { Wire } from "../wire.js";
import { READING } from "./guards.js";
import { leaveGap } from "./histories.js";
import type { Tools } from "./tools.js";

/** Delivers to connections, finds gone ones, and enqueues connections that do not take posts. */
export const publishBy = async (tools: Tools, action: "publish" | "send", publisher: Wire): Promise<void> => {
  const { system, has, allowed, leaveBehind, takeNothing, disconnectGuardRan, nextRun } = tools;
  const left = await leaveBehind(action);
  const { wire, takeAll } = await takeNothing(action);
  const enqueued = nextRun(action === "publish" ? "PublishFunction" : "SendFunction");
  publisher.send({ action, channel: action, uuid: action, data: action });
  await allowed(publisher.message(action));
  await allowed(disconnectGuardRan(left));
  await enqueued;
  takeAll();
  await allowed(wire.message(action));
  for (const channel of ["gathering/1", "kept/1"])
    publisher.send({ action, channel, uuid: `${action}-also`, data: action });
  const announced = has("presence") ? nextRun("AnnounceFunction") : undefined;
  publisher.send({ action, channel: "other", uuid: `${action}-move`, data: "move" });
  await announced;
  await allowed(
    system.invoked(
      (all) => all.find(({ event }) => JSON.stringify(event).includes(`${action}-move`)),
      `${action} that moves`,
    ),
  );
};

/** A worker continues a publication: it delivers, finds gone connections, and enqueues slow ones. */
export const workOn = async (
  { system, allowed, leaveBehind, takeNothing, disconnectGuardRan, idOf }: Tools,
  subscriber: Wire,
): Promise<void> => {
  const left = await leaveBehind("worker");
  await allowed(subscriber.subscribe("worker"));
  const { wire, takeAll } = await takeNothing("worker");
  const publications = [{ message: { channel: "worker", uuid: "worker", data: "worker" } }];
  const body = encodeSegment({ publications, recipients: { after: "" }, until: Date.now() + 60_000 });
  // Received before, so its attempts are counted.
  const record = { body, messageId: "again", receiptHandle: "none", attributes: { ApproximateReceiveCount: "2" } };
  expect(await allowed(system.running.invoke(idOf("DeliverFunction"), { Records: [record] }))).toMatchObject({
    ok: true,
  });
  await allowed(Promise.all([subscriber.message("worker"), disconnectGuardRan(left)]));
  takeAll();
  await allowed(wire.message("worker"));
  await allowed(subscriber.unsubscribe("worker"));
};

/** Gathered messages are delivered as any publication, also if only the sweep starts a flusher. */
export const gather = async (
  { system, allowed, leaveBehind, takeNothing, disconnectGuardRan, nextRun }: Tools,
  publisher: Wire,
  channel: string,
): Promise<void> => {
  const left = await leaveBehind(channel);
  await allowed(publisher.subscribe(channel));
  const { wire, takeAll } = await takeNothing(channel);
  const enqueued = nextRun("FlushFunction");
  await allowed(publisher.publish(channel, "both"));
  await allowed(Promise.all([publisher.message("both"), disconnectGuardRan(left), enqueued]));
  takeAll();
  await allowed(wire.message("both"));
  await allowed(publisher.unsubscribe(channel));
  const flushed = nextRun("FlushFunction");
  await putRow(system.running, { ...leaseKey("gathering/2"), o: "nobody", u: "1", ttl: "9999999999" });
  await allowed(system.running.runSchedules());
  await flushed;
};

/** A new subscriber gets the last message. */
export const keep = async ({ system, allowed }: Tools, publisher: Wire): Promise<void> => {
  const listener = await allowed(system.connect());
  await allowed(publisher.publish("kept/1", "kept"));
  expect((await allowed(listener.subscribe("kept/1"))).data).toMatchObject({ latest: { data: "kept" } });
};

/** The same work for the server API as for an agent. */
export const useServerApi = async (
  { system, has, allowed, leaveBehind, takeNothing, disconnectGuardRan, idOf }: Tools,
  subscriber: Wire,
): Promise<void> => {
  const left = await leaveBehind("backend");
  const { wire, takeAll } = await takeNothing("backend");
  const request = {
    version: 1,
    publish: ["backend", "gathering/1", "kept/1"].map((channel) => ({ channel, data: "backend" })),
  };
  expect(await allowed(system.running.invoke(idOf("PublisherFunction"), request))).toMatchObject({ ok: true });
  await allowed(subscriber.message("backend"));
  await allowed(disconnectGuardRan(left));
  takeAll();
  await allowed(wire.message("backend"));
  const [{ connectionId }, banned] = [await allowed(system.connectionOf(wire)), await allowed(system.connect())];
  const requests = [
    { unsubscribe: { connectionId }, channel: "backend" },
    { disconnect: { connectionId: (await allowed(system.connectionOf(banned))).connectionId } },
    ...(has("presence") ? [{ presence: { channel: "rooms/1" } }] : []),
  ];
  for (const each of requests)
    expect(await allowed(system.running.invoke(idOf("PublisherFunction"), { version: 1, ...each }))).toMatchObject({
      ok: true,
    });
  await allowed(banned.ended());
};

/** A presence and a state request, whose guards read a history and seal an abandoned offset. */
export const readByGuard = async ({ system, allowed }: Tools): Promise<void> => {
  await leaveGap(system, READING.history);
  const wire = await allowed(system.connect());
  const asked = { action: "presence", channel: "/meta/presence", data: { channel: READING.channel } };
  expect(await allowed(wire.request(asked))).toMatchObject({ successful: true });
  await leaveGap(system, READING.state);
  const state = { action: "state", channel: "/meta/presence", data: { channel: READING.channel, state: "read" } };
  expect(await allowed(wire.request(state))).toMatchObject({ code: "no_presence" });
};
