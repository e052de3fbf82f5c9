import fc from "fast-check";
import type { JsonObject } from "../lib/json.js";
import { CRASHING_CREDENTIALS, PASSWORD, RENEWAL_MS, SECRET, TOKEN } from "./policy.js";
import {
  channelName,
  hostileJson,
  hostileText,
  keptChannel,
  memberState,
  messageData,
  positionOn,
  stateChannel,
  uuid,
} from "./values.js";

/** Credentials for a renewal. Most of them keep the agent, because others end it. */
const renewing: fc.Arbitrary<JsonObject> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      ...[undefined, ...Object.keys(RENEWAL_MS), "__proto__"].map((time) => ({
        pass: PASSWORD,
        for: time,
        secret: SECRET,
      })),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      { pass: CRASHING_CREDENTIALS, secret: SECRET },
      { pass: PASSWORD, pad: "x".repeat(4_096) },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom({ pass: SECRET }, {}) },
);

/** Frames as a correct client sends them. */
export const wellFormedFrame = (tag: string): fc.Arbitrary<JsonObject> => {
  const channel = channelName(tag);
  const meta = (action: string) =>
    fc.record({ action: fc.constant(action), channel: fc.constant(`/meta/${action}`), uuid });
  const position = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        epoch: fc.string({ maxLength: 70 }),
        offset: fc.oneof(fc.nat(), fc.integer(), fc.double()),
      }),
    },
    { weight: 1, arbitrary: hostileJson },
  );
  const kept = keptChannel(tag);
  const shortText = fc.string({ maxLength: 20 });
  const from = kept.chain((name) => positionOn(name).map((since) => ({ channel: name, since })));
  const query = fc.tuple(
    fc.oneof(
      from,
      kept.map((name) => ({ channel: name })),
    ),
    fc.record(
      { limit: fc.constantFrom(1, 2, 5, 100), reverse: fc.boolean(), token: fc.oneof(shortText, fc.constant(TOKEN)) },
      { requiredKeys: [] },
    ),
  );
  const after = fc.record(
    {
      after: fc.oneof(fc.constantFrom("@agent0@", "@agent1@", "", "~"), hostileText),
      token: fc.constant(TOKEN),
    },
    { requiredKeys: [] },
  );
  const there = fc.record(
    {
      positions: fc
        .array(from, { maxLength: 3 })
        .map((all) => Object.fromEntries(all.map(({ channel: name, since }) => [name, since]))),
      presentChannels: fc.array(kept, { maxLength: 4 }),
    },
    { requiredKeys: [] },
  );
  const odd = {
    since: position,
    limit: fc.oneof(fc.constantFrom(0, 101, 1.5, -1, 1e20, "1", null), hostileJson),
    reverse: hostileJson,
    after: hostileJson,
    token: fc.oneof(hostileJson, fc.constant("t".repeat(2_047))),
  };
  const strange = fc
    .tuple(channel, fc.record(odd, { requiredKeys: [] }))
    .map(([name, rest]) => ({ channel: name, ...rest }));
  const token = fc.oneof(
    { weight: 4, arbitrary: fc.constant(TOKEN) },
    {
      weight: 1,
      arbitrary: fc.oneof(hostileJson, fc.constantFrom("t".repeat(2_046), "t".repeat(2_047), "é".repeat(1_024))),
    },
  );
  const last = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(1, 2, 5, 100) }, { weight: 1, arbitrary: odd.limit });
  const present = fc.oneof({ weight: 8, arbitrary: fc.boolean() }, { weight: 1, arbitrary: hostileJson });
  const reading = fc.record({ last, token, present }, { requiredKeys: [] });
  const observing = fc.record(
    { channel: fc.oneof(kept, stateChannel(tag)), present, token },
    { requiredKeys: ["channel"] },
  );
  const newest = fc
    .tuple(fc.oneof(from, fc.record({ channel: fc.oneof(kept, channel) })), reading)
    .map(([which, how]) => ({ ...which, ...how }));
  const target = fc.oneof(
    { weight: 4, arbitrary: channel },
    { weight: 2, arbitrary: from },
    { weight: 2, arbitrary: newest },
    { weight: 2, arbitrary: observing },
    { weight: 1, arbitrary: fc.record({ channel, since: position }, { requiredKeys: ["channel"] }) },
  );
  const names = fc.oneof(
    from,
    newest,
    observing,
    fc.record({ channel, since: position }, { requiredKeys: ["channel"] }),
    channel.map((name) => ({ channel: name })),
    fc.array(target, { minLength: 1, maxLength: 5 }).map((channels) => ({ channels })),
  );
  const oddly = fc.record(
    {
      positions: fc.oneof(fc.dictionary(channel, position, { maxKeys: 3 }), hostileJson),
      presentChannels: fc.oneof(fc.array(channel), hostileJson),
    },
    { requiredKeys: [] },
  );
  const subscription = (action: string) => fc.tuple(meta(action), names).map(([frame, data]) => ({ ...frame, data }));
  // The server decides these fields.
  const forged = {
    from: fc.oneof(fc.constant({ connection: "@agent1@", userId: "mallory", info: "forged" }), hostileJson),
    at: fc.constantFrom(1, 9e15),
    offset: fc.constant(5),
    epoch: fc.constant("forged"),
  };
  const message = fc.record(
    { channel, uuid, data: messageData, echo: fc.boolean(), ephemeral: fc.boolean(), ...forged },
    { requiredKeys: ["channel", "uuid", "data"] },
  );
  const action = fc.constantFrom("publish", "publish", "publish", "send");
  // Few uuids and few data, so that publications are repeated.
  const again = fc.record({
    action: fc.constant("publish"),
    channel: kept,
    uuid: fc.constantFrom("r1", "r2"),
    data: fc.constantFrom(1, 2),
    echo: fc.boolean(),
    ephemeral: fc.constantFrom(false, false, false, true),
  });
  const asking = (name: string, data: fc.Arbitrary<object>) =>
    fc.tuple(meta(name), data).map(([frame, its]): JsonObject => ({ ...frame, data: its }));
  const state = fc.oneof(
    { weight: 6, arbitrary: fc.record({ channel: stateChannel(tag), state: memberState }) },
    {
      weight: 1,
      arbitrary: fc.record({ channel, state: memberState, agent: fc.constant("@agent1@") }, { requiredKeys: [] }),
    },
  );
  const renewal = fc
    .tuple(meta("refresh"), renewing)
    .map(([frame, given]) => ({ ...frame, data: { credentials: given } }));
  return fc.oneof(
    { weight: 5, arbitrary: subscription("subscribe") },
    { weight: 2, arbitrary: subscription("unsubscribe") },
    { weight: 4, arbitrary: fc.tuple(action, message).map(([name, each]) => ({ action: name, ...each })) },
    { weight: 2, arbitrary: fc.record({ action, messages: fc.array(message, { minLength: 1, maxLength: 4 }) }) },
    { weight: 2, arbitrary: renewal },
    { weight: 2, arbitrary: again },
    {
      weight: 2,
      arbitrary: asking(
        "history",
        query.map(([asked, how]) => ({ ...asked, ...how })),
      ),
    },
    {
      weight: 1,
      arbitrary: asking(
        "presence",
        fc.tuple(kept, after).map(([name, how]) => ({ channel: name, ...how })),
      ),
    },
    {
      weight: 4,
      arbitrary: asking("state", state).map((frame) => ({ ...frame, channel: "/meta/presence" })),
    },
    { weight: 1, arbitrary: fc.constantFrom("history", "presence").chain((name) => asking(name, strange)) },
    { weight: 1, arbitrary: meta("ping") },
    { weight: 1, arbitrary: asking("ping", there) },
    { weight: 1, arbitrary: asking("ping", oddly) },
    {
      weight: 1,
      arbitrary: fc
        .oneof(there, oddly)
        .chain((data) => meta("heartbeat").map((frame) => ({ ...frame, channel: "/meta/ping", data }))),
    },
    { weight: 1, arbitrary: meta("connect") },
  );
};
