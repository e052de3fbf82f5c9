import { readPresent, renewPresence } from "../../../lambdas/core/present.js";
import { readPresence } from "../../../lambdas/core/requests.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { CHANNELS_PER_PING } from "../../../protocol/index.js";
import { agentOf, NOW, TestClock } from "./fakes.js";
import { MemoryMembers } from "./presence-fakes.js";

const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };

test("an agent is renewed where it is; where it is not, or has gone, it hears so; other channels are left out", async () => {
  const members = new MemoryMembers();
  const clock = new TestClock();
  for (const channel of ["rooms/1", "rooms/2"]) await members.join(agentOf("c1"), channel, NOW, NOW + 1);
  await members.leave("c1", "rooms/2", NOW);
  clock.advance(1_000);
  expect(await renewPresence({ members, clock, settings }, "c1", ["rooms/1", "rooms/2", "rooms/3", "plain", "rooms/*"])).toEqual(["rooms/2", "rooms/3"]);
  expect(members.at("rooms/1", "c1")?.until).toBe(NOW + 1_000 + settings.presenceLeaseMs);
});

test("a channel that is named twice costs one write", async () => {
  const members = new MemoryMembers();
  let writes = 0;
  members.before = (step) => void (step === "renew" && (writes += 1));
  await renewPresence({ members, clock: new TestClock(), settings }, "c1", ["rooms/1", "rooms/1", "plain"]);
  expect(writes).toBe(1);
});

const frame = (channel: string, data?: unknown) => JSON.stringify({ action: "x", channel, uuid: "u1", ...(data === undefined ? {} : { data }) });

test("what a ping may say of presence is a list of channels, not too long, or nothing", () => {
  const many = Array.from({ length: CHANNELS_PER_PING }, () => "a");
  expect(readPresent(frame("/meta/ping"))).toEqual({ request: [] });
  for (const present of [[], ["rooms/1"], many]) expect(readPresent(frame("/meta/ping", { present }))).toEqual({ request: present });
  for (const data of [null, [], "x", { present: null }, { present: "a" }, { present: [1] }, { present: {} }, { present: [...many, "a"] }]) {
    expect(readPresent(frame("/meta/ping", data))).toMatchObject({ faults: [{ channel: "/meta/ping", uuid: "u1", code: "bad_frame" }] });
  }
});

test("a presence frame names one channel, and perhaps whom to go on behind", () => {
  expect(readPresence(frame("/meta/presence", { channel: "a" }))).toEqual({ request: { uuid: "u1", channel: "a" } });
  expect(readPresence(frame("/meta/presence", { channel: "a", after: "b" }))).toEqual({ request: { uuid: "u1", channel: "a", after: "b" } });
  for (const data of [undefined, {}, { channel: 1 }, { channel: "a", after: 1 }]) {
    expect(readPresence(frame("/meta/presence", data))).toMatchObject({ faults: [{ channel: "/meta/presence", uuid: "u1", code: "bad_frame" }] });
  }
  expect(readPresence(frame("/meta/ping", { channel: "a" }))).toMatchObject({ faults: [{ code: "bad_frame" }] });
});
