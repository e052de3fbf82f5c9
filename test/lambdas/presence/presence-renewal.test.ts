import { readPresent, renewPresence } from "../../../lambdas/presence/presence-renewal.js";
import { readPresence } from "../../../lambdas/requests/frame-parser.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MAX_CHANNELS_PER_PING } from "../../../protocol/index.js";
import { agentOf, NOW, TestClock } from "../support/fakes.js";
import { MemoryMembers } from "./presence-fakes.js";

const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };

// A member is absent if it is not there, has left, or was silent for a lease. Channels without presence are ignored.
test("a ping renews present members and returns the absent channels", async () => {
  const members = new MemoryMembers();
  const clock = new TestClock();
  for (const channel of ["rooms/1", "rooms/2"]) await members.join(agentOf("c1"), channel, NOW, NOW + 1_001);
  await members.join(agentOf("c1"), "rooms/4", NOW, NOW + 1_000);
  await members.leave("c1", "rooms/2", NOW);
  clock.advance(1_000);
  expect(
    await renewPresence({ members, clock, settings }, "c1", [
      "rooms/1",
      "rooms/2",
      "rooms/3",
      "rooms/4",
      "plain",
      "rooms/*",
    ]),
  ).toEqual(["rooms/2", "rooms/3", "rooms/4"]);
  expect(members.at("rooms/1", "c1")?.until).toBe(NOW + 1_000 + settings.presenceLeaseMs);
});

/** The steps of the table when an agent renews its presence. */
const writing = async (joined: readonly string[], listed: readonly string[], after = settings.presenceLeaseMs / 2) => {
  const members = new MemoryMembers();
  const clock = new TestClock();
  for (const channel of joined) await members.join(agentOf("c1"), channel, NOW, NOW + settings.presenceLeaseMs);
  clock.advance(after);
  const steps: string[] = [];
  members.before = (step) => void steps.push(step);
  const absent = await renewPresence({ members, clock, settings }, "c1", listed);
  return { absent, steps, until: members.at("rooms/1", "c1")?.until };
};

test("a channel that is listed twice costs one write", async () => {
  expect(await writing(["rooms/1"], ["rooms/1", "rooms/1", "plain"])).toMatchObject({
    absent: [],
    steps: ["leaseExpiries", "renew"],
  });
});

// Channels without presence cost nothing.
test("channels without the agent share one read and cost no write", async () => {
  const channels = Array.from({ length: MAX_CHANNELS_PER_PING }, (_, at) => `rooms/${at}`);
  expect(await writing([], channels)).toMatchObject({ absent: channels, steps: ["leaseExpiries"] });
  expect(await writing([], ["plain"])).toMatchObject({ absent: [], steps: [] });
});

test("a renewal within a quarter of the lease costs no write", async () => {
  const quarter = settings.presenceLeaseMs / 4;
  expect(await writing(["rooms/1"], ["rooms/1"], quarter - 1)).toEqual({
    absent: [],
    steps: ["leaseExpiries"],
    until: NOW + settings.presenceLeaseMs,
  });
  expect(await writing(["rooms/1"], ["rooms/1"], quarter)).toEqual({
    absent: [],
    steps: ["leaseExpiries", "renew"],
    until: NOW + quarter + settings.presenceLeaseMs,
  });
});

test("a member that leaves between read and write is absent", async () => {
  const members = new MemoryMembers();
  await members.join(agentOf("c1"), "rooms/1", NOW, NOW + 1);
  members.before = async (step) => {
    if (step !== "renew") return;
    members.before = () => undefined;
    await members.leave("c1", "rooms/1", NOW);
  };
  expect(await renewPresence({ members, clock: new TestClock(), settings }, "c1", ["rooms/1"])).toEqual(["rooms/1"]);
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
