import { readPresent, renewPresence } from "../../../lambdas/presence/presence-renewal.js";
import { readPresence } from "../../../lambdas/requests/frame-parser.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MAX_CHANNELS_PER_PING } from "../../../protocol/index.js";
import { agentOf, NOW, TestClock } from "../support/fakes.js";
import { memberPlace } from "../../../lambdas/presence/members.js";
import { MemoryLiveness, MemoryMembers } from "./presence-fakes.js";

const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };

const setUp = () => {
  const [members, liveness, clock] = [new MemoryMembers(), new MemoryLiveness(), new TestClock()];
  const steps: string[] = [];
  const note = (step: string) => void steps.push(step);
  const me = agentOf("c1", { userId: "ada" });
  const join = async (...channels: string[]) => {
    await liveness.begin(me, clock.now());
    for (const channel of channels) await members.join(me, channel, clock.now());
    [members.before, liveness.before] = [note, note];
  };
  const leave = (channel: string) => members.leave("c1", memberPlace(me), channel, clock.now());
  const renew = (...channels: string[]) => renewPresence({ members, liveness, clock, settings }, me, channels);
  return { members, liveness, clock, steps, me, join, leave, renew };
};

// A member is absent if it is not there, or has left. Channels without presence are ignored.
test("a ping renews an agent's presence and returns the absent channels", async () => {
  const { liveness, clock, join, leave, renew } = setUp();
  await join("rooms/1", "rooms/2");
  await leave("rooms/2");
  clock.advance(1_000);
  expect(await renew("rooms/1", "rooms/2", "rooms/3", "plain", "rooms/*")).toEqual(["rooms/2", "rooms/3"]);
  expect(liveness.rows.get("c1")?.heartbeatAt).toBe(NOW + 1_000);
});

test("a renewal is one write for any number of channels", async () => {
  const { steps, join, renew } = setUp();
  const channels = Array.from({ length: MAX_CHANNELS_PER_PING }, (_, at) => `rooms/${at}`);
  await join(...channels);
  expect(await renew(...channels, "rooms/1", "plain")).toEqual([]);
  expect(steps).toEqual(["renew", "ofConnection"]);
});

test("channels without presence cost nothing", async () => {
  const { steps, join, renew } = setUp();
  await join();
  expect(await renew("plain")).toEqual([]);
  expect(steps).toEqual([]);
});

test("a connection that was found silent is absent everywhere", async () => {
  const { liveness, join, renew } = setUp();
  await join("rooms/1");
  await liveness.markSilent(liveness.rows.get("c1")!, NOW);
  expect(await renew("rooms/1")).toEqual(["rooms/1"]);
  await liveness.endSilent("c1");
  expect(await renew("rooms/1")).toEqual(["rooms/1"]);
});

describe("an entry of version 0.2.0", () => {
  const announced = { as: "uuid-of-c1", at: NOW, digest: "" };

  test("is replaced by a ping within its lease", async () => {
    const { members, liveness, clock, me, renew } = setUp();
    members.putOld("rooms/1", me, { announced, until: NOW + 1_001 });
    members.putOld("rooms/2", me, { until: NOW + 1_000 });
    members.putOld("rooms/3", me, { leftAt: NOW });
    clock.advance(1_000);
    expect(await renew("rooms/1", "rooms/2", "rooms/3")).toEqual(["rooms/2", "rooms/3"]);
    expect(members.at("rooms/1", "c1")).toMatchObject({ agent: "uuid-of-c1", userId: "ada", announced });
    expect(members.at("rooms/1", "c1")).not.toHaveProperty("until");
    expect(liveness.rows.has("c1")).toBe(true);
    expect(await renew("rooms/1")).toEqual([]);
  });

  test("is replaced when the connection has newer entries elsewhere", async () => {
    const { members, me, join, renew } = setUp();
    await join("rooms/1");
    members.putOld("rooms/2", me, {});
    expect(await renew("rooms/1", "rooms/2")).toEqual([]);
    expect(members.at("rooms/2", "c1")).not.toHaveProperty("until");
  });
});

const frame = (channel: string, data?: unknown) =>
  JSON.stringify({ action: "x", channel, uuid: "u1", ...(data === undefined ? {} : { data }) });

test("a ping may list its present channels, up to the limit", () => {
  const many = Array.from({ length: MAX_CHANNELS_PER_PING }, () => "a");
  expect(readPresent(frame("/meta/ping"))).toEqual({ request: [] });
  for (const present of [[], ["rooms/1"], many])
    expect(readPresent(frame("/meta/ping", { presentChannels: present }))).toEqual({ request: present });
  for (const data of [
    null,
    [],
    "x",
    { presentChannels: null },
    { presentChannels: "a" },
    { presentChannels: [1] },
    { presentChannels: {} },
    { presentChannels: [...many, "a"] },
  ]) {
    expect(readPresent(frame("/meta/ping", data))).toMatchObject({
      faults: [{ channel: "/meta/ping", uuid: "u1", code: "bad_frame" }],
    });
  }
});

test("a presence frame names one channel and perhaps a position", () => {
  expect(readPresence(frame("/meta/presence", { channel: "a" }))).toEqual({ request: { uuid: "u1", channel: "a" } });
  expect(readPresence(frame("/meta/presence", { channel: "a", after: "b" }))).toEqual({
    request: { uuid: "u1", channel: "a", after: "b" },
  });
  for (const data of [
    undefined,
    {},
    { channel: 1 },
    { channel: "a", after: 1 },
    { channel: "a", after: "x".repeat(65) },
  ]) {
    expect(readPresence(frame("/meta/presence", data))).toMatchObject({
      faults: [{ channel: "/meta/presence", uuid: "u1", code: "bad_frame" }],
    });
  }
  expect(readPresence(frame("/meta/ping", { channel: "a" }))).toMatchObject({ faults: [{ code: "bad_frame" }] });
});
