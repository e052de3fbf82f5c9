import fc from "fast-check";
import type { JsonObject } from "../lib/json.js";
import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES, MAX_ITEMS_PER_FRAME } from "./protocol-rules.js";
import { CRASHING_CREDENTIALS, PASSWORD, SECRET, RENEWAL_MS } from "./policy.js";
import {
  agentName,
  channelName,
  hostileJson,
  hostileText,
  keptChannel,
  messageData,
  positionOn,
  SLOTS,
  uuid,
} from "./values.js";

/** What goes on the wire: text in one frame or in fragments, or bytes that are no text. */
export type Wire =
  { kind: "text"; text: string; fragmentBytes?: number } | { kind: "bytes"; hex: string; binary: boolean };

/** One thing that is done to the system, and judged. */
export type Interaction =
  | { kind: "frame"; slot: number; wire: Wire; times: number }
  | { kind: "handshake"; credentials: string | undefined; protocols: string[] };

/** Interactions that happen at once. */
export type Burst = Interaction[];

/** What one set of agents goes through, burst by burst. */
export interface Episode {
  agents: (string | undefined)[];
  bursts: Burst[];
}

const text = (content: string): Wire => ({ kind: "text", text: content });
const json = (value: unknown): Wire => text(JSON.stringify(value));

/** Credentials to renew with: mostly such that the agent stays, because others end it. */
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

/** Frames as a well-meaning client sends them. */
const proper = (tag: string): fc.Arbitrary<JsonObject> => {
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
  const from = kept.chain((name) => positionOn(name).map((since) => ({ channel: name, since })));
  const query = fc.tuple(
    fc.oneof(
      from,
      kept.map((name) => ({ channel: name })),
    ),
    fc.record({ limit: fc.constantFrom(1, 2, 5, 100), reverse: fc.boolean() }, { requiredKeys: [] }),
  );
  const after = fc.record(
    { after: fc.oneof(fc.constantFrom("@agent0@", "@agent1@", "", "~"), hostileText) },
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
  };
  const strange = fc
    .tuple(channel, fc.record(odd, { requiredKeys: [] }))
    .map(([name, rest]) => ({ channel: name, ...rest }));
  const target = fc.oneof(
    { weight: 4, arbitrary: channel },
    { weight: 2, arbitrary: from },
    { weight: 1, arbitrary: fc.record({ channel, since: position }, { requiredKeys: ["channel"] }) },
  );
  const names = fc.oneof(
    from,
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
  const message = fc.record(
    { channel, uuid, data: messageData, echo: fc.boolean() },
    { requiredKeys: ["channel", "uuid", "data"] },
  );
  const action = fc.constantFrom("publish", "publish", "publish", "send");
  // Few uuids and few data, so that they meet again.
  const again = fc.record({
    action: fc.constant("publish"),
    channel: kept,
    uuid: fc.constantFrom("r1", "r2"),
    data: fc.constantFrom(1, 2),
    echo: fc.boolean(),
  });
  const asking = (name: string, data: fc.Arbitrary<object>) =>
    fc.tuple(meta(name), data).map(([frame, its]): JsonObject => ({ ...frame, data: its }));
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
    { weight: 1, arbitrary: fc.constantFrom("history", "presence").chain((name) => asking(name, strange)) },
    { weight: 1, arbitrary: meta("ping") },
    { weight: 1, arbitrary: asking("ping", there) },
    { weight: 1, arbitrary: asking("ping", oddly) },
    { weight: 1, arbitrary: meta("connect") },
  );
};

const FIELDS = [
  "action",
  "action",
  "channel",
  "uuid",
  "data",
  "messages",
  "echo",
  "agent",
  "connectionId",
  "credentials",
  "__proto__",
  "constructor",
];

/** A proper frame of which one field is something else, or gone, or which has one more. */
const mutated = (tag: string): fc.Arbitrary<Wire> => {
  const action = fc.constantFrom(
    "connect",
    "publish",
    "send",
    "Publish",
    "$connect",
    "$disconnect",
    "$default",
    "sweep",
    "",
  );
  const value = fc.oneof(
    hostileJson,
    action,
    channelName(tag).map((channel) => ({ channel })),
    fc.constant(undefined),
  );
  return fc.tuple(proper(tag), fc.constantFrom(...FIELDS), value).map(([frame, field, other]) => {
    // Entries, because an assignment to `__proto__` would change the object itself instead of adding a field.
    const kept = Object.entries(frame).filter(([name]) => name !== field);
    const fields = other === undefined ? kept : [...kept, [field, other]];
    return text(`{${fields.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`).join(",")}}`);
  });
};

/** Lists around, at and over the limit of a frame. */
const crowded = (tag: string): fc.Arbitrary<Wire> =>
  fc
    .tuple(
      channelName(tag),
      uuid,
      fc.integer({ min: MAX_ITEMS_PER_FRAME - 1, max: MAX_ITEMS_PER_FRAME + 2 }),
      fc.boolean(),
    )
    .map(([channel, id, count, publishes]) => {
      const numbered = Array.from({ length: count }, (_, at) => (at % 2 ? channel : `extra/${tag}/${at}`));
      if (!publishes)
        return json({ action: "subscribe", channel: "/meta/subscribe", uuid: id, data: { channels: numbered } });
      return json({ action: "publish", messages: numbered.map((name, at) => ({ channel: name, uuid: id, data: at })) });
    });

const deep = (tag: string): fc.Arbitrary<Wire> =>
  fc
    .tuple(proper(tag), fc.constantFrom(250, 254, 255, 256, 257, 1_000, 16_000), fc.boolean())
    .map(([frame, depth, lists]) => {
      const size = Math.min(depth, lists ? 16_000 : 5_000);
      const nested = lists ? "[".repeat(size) + "]".repeat(size) : '{"a":'.repeat(size) + "1" + "}".repeat(size);
      const { data: _replaced, ...others } = frame;
      return text(`${JSON.stringify(others).slice(0, -1)},"data":${nested}}`);
    });

/** Around and over what a frame, or a message in fragments, may hold; and what grows when it is serialised again. */
const huge = (tag: string): fc.Arbitrary<Wire> =>
  fc
    .tuple(
      channelName(tag),
      uuid,
      fc.constantFrom(-1_500, -200, -1, 0, 1, 900),
      fc.constantFrom("whole", "fragments", "most", "grows"),
    )
    .map(([channel, id, more, how]) => {
      const [head, tail] = [
        `{"action":"publish","channel":${JSON.stringify(channel)},"uuid":${JSON.stringify(id)},"data":`,
        "}",
      ];
      if (how === "grows") return text(`${head}[${Array.from({ length: 1_500 + more }, () => "1e20").join()}]${tail}`);
      const goal = (how === "most" ? MAX_MESSAGE_BYTES : MAX_FRAME_BYTES) + more;
      // A placeholder is as long as ids are only when it has been replaced; such frames are a little longer or shorter.
      const padding = "x".repeat(Math.max(0, goal - Buffer.byteLength(head + tail) - 2));
      const content = `${head}"${padding}"${tail}`;
      return how === "whole" ? text(content) : { kind: "text", text: content, fragmentBytes: 30_000 };
    });

const bytes: fc.Arbitrary<Wire> = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.boolean()).map(([raw, binary]) => ({
  kind: "bytes",
  hex: Buffer.from(binary ? raw : [0x22, 0xff, ...raw]).toString("hex"),
  binary,
}));

const fragmented = (tag: string): fc.Arbitrary<Wire> =>
  fc.tuple(proper(tag), fc.integer({ min: 1, max: 60 })).map(([frame, size]) => {
    const content = JSON.stringify(frame);
    return { kind: "text", text: content, fragmentBytes: Math.max(size, Math.ceil(content.length / 50)) };
  });

const wire = (tag: string): fc.Arbitrary<Wire> =>
  fc.oneof(
    { weight: 40, arbitrary: proper(tag).map(json) },
    { weight: 24, arbitrary: mutated(tag) },
    { weight: 8, arbitrary: fc.oneof(hostileText.map(text), hostileJson.map(json), fc.json().map(text)) },
    { weight: 2, arbitrary: crowded(tag) },
    { weight: 4, arbitrary: deep(tag) },
    { weight: 4, arbitrary: huge(tag) },
    { weight: 6, arbitrary: fragmented(tag) },
    { weight: 2, arbitrary: bytes },
  );

/** A channel whose guard never answers: seldom, because each such frame takes the guard's whole time. */
const silent = (tag: string): fc.Arbitrary<Wire> =>
  fc
    .constantFrom("subscribe", "unsubscribe", "publish")
    .map((action) =>
      json(
        action === "publish"
          ? { action, channel: `silent/${tag}`, uuid: "silent", data: SECRET }
          : { action, channel: `/meta/${action}`, uuid: "silent", data: { channel: `silent/${tag}` } },
      ),
    );

const credentials: fc.Arbitrary<string | undefined> = fc.oneof(
  fc.constant(undefined),
  hostileJson.map((value) => JSON.stringify(value)),
  hostileJson.map((value) => JSON.stringify({ pass: PASSWORD, name: value, secret: SECRET })),
  fc.constantFrom(JSON.stringify({ pass: CRASHING_CREDENTIALS, secret: SECRET }), JSON.stringify({ pass: SECRET })),
  fc.constantFrom(4_096, 4_097, 6_000).map((size) => JSON.stringify("x".repeat(size - 2))),
  hostileText,
);

const handshake: fc.Arbitrary<Interaction> = fc.record({
  kind: fc.constant("handshake" as const),
  credentials,
  protocols: fc.uniqueArray(fc.constantFrom("push-it.v1", "push-it.v1.denied", "push-it.v2", "chat"), { maxLength: 3 }),
});

const interaction = (tag: string): fc.Arbitrary<Interaction> => {
  const slot = fc.integer({ min: 0, max: SLOTS - 1 });
  const once = fc.constant(1);
  const frame = (of: fc.Arbitrary<Wire>, times: fc.Arbitrary<number>) =>
    fc.record({ kind: fc.constant("frame" as const), slot, wire: of, times });
  return fc.oneof(
    { weight: 400, arbitrary: frame(wire(tag), once) },
    { weight: 4, arbitrary: frame(wire(tag), fc.integer({ min: 8, max: 16 })) },
    { weight: 12, arbitrary: handshake },
    { weight: 1, arbitrary: frame(silent(tag), once) },
  );
};

/**
 * Episodes.
 * @param tag part of the channels' names: those of other episodes have others
 */
export const episode = (tag: string): fc.Arbitrary<Episode> =>
  fc.record({
    agents: fc.array(agentName, { minLength: 2, maxLength: SLOTS }),
    bursts: fc.array(fc.array(interaction(tag), { minLength: 1, maxLength: 7 }), {
      minLength: 2,
      maxLength: 10,
      size: "max",
    }),
  });
