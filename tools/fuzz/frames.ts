import fc from "fast-check";
import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES, MAX_ITEMS_PER_FRAME } from "./protocol-rules.js";
import { CRASHING_CREDENTIALS, PASSWORD, SECRET } from "./policy.js";
import { agentName, channelName, hostileJson, hostileText, SLOTS, uuid } from "./values.js";
import { wellFormedFrame } from "./well-formed-frames.js";

/** A frame on the wire: text in one frame or in fragments, or bytes that are not text. */
export type Wire =
  { kind: "text"; text: string; fragmentBytes?: number } | { kind: "bytes"; hex: string; binary: boolean };

/** One frame or handshake. */
export type Interaction =
  | { kind: "frame"; slot: number; wire: Wire; times: number }
  | { kind: "handshake"; credentials: string | undefined; protocols: string[] };

/** Interactions at the same time. */
export type Burst = Interaction[];

/** The agents of an episode, and their bursts. */
export interface Episode {
  agents: (string | undefined)[];
  bursts: Burst[];
}

const text = (content: string): Wire => ({ kind: "text", text: content });
const json = (value: unknown): Wire => text(JSON.stringify(value));

const FIELDS = [
  "action",
  "action",
  "channel",
  "uuid",
  "data",
  "messages",
  "echo",
  "ephemeral",
  "from",
  "at",
  "offset",
  "epoch",
  "agent",
  "connectionId",
  "credentials",
  "__proto__",
  "constructor",
];

/** A well-formed frame with one field changed, removed or added. */
const mutated = (tag: string): fc.Arbitrary<Wire> => {
  const action = fc.constantFrom(
    "connect",
    "heartbeat",
    "state",
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
  return fc.tuple(wellFormedFrame(tag), fc.constantFrom(...FIELDS), value).map(([frame, field, other]) => {
    // Entries, because an assignment to `__proto__` would change the prototype instead of adding a field.
    const kept = Object.entries(frame).filter(([name]) => name !== field);
    const fields = other === undefined ? kept : [...kept, [field, other]];
    return text(`{${fields.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`).join(",")}}`);
  });
};

/** Lists just below, at and above the limit of a frame. */
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
    .tuple(wellFormedFrame(tag), fc.constantFrom(250, 254, 255, 256, 257, 1_000, 16_000), fc.boolean())
    .map(([frame, depth, lists]) => {
      const size = Math.min(depth, lists ? 16_000 : 5_000);
      const nested = lists ? "[".repeat(size) + "]".repeat(size) : '{"a":'.repeat(size) + "1" + "}".repeat(size);
      const { data: _replaced, ...others } = frame;
      return text(`${JSON.stringify(others).slice(0, -1)},"data":${nested}}`);
    });

/**
 * Frames around the size limits of a frame and of a fragmented message, and frames that grow when they are serialized
 * again.
 */
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
      // Placeholders and ids differ in length, so such frames may be slightly longer or shorter.
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
  fc.tuple(wellFormedFrame(tag), fc.integer({ min: 1, max: 60 })).map(([frame, size]) => {
    const content = JSON.stringify(frame);
    return { kind: "text", text: content, fragmentBytes: Math.max(size, Math.ceil(content.length / 50)) };
  });

const wire = (tag: string): fc.Arbitrary<Wire> =>
  fc.oneof(
    { weight: 40, arbitrary: wellFormedFrame(tag).map(json) },
    { weight: 24, arbitrary: mutated(tag) },
    { weight: 8, arbitrary: fc.oneof(hostileText.map(text), hostileJson.map(json), fc.json().map(text)) },
    { weight: 2, arbitrary: crowded(tag) },
    { weight: 4, arbitrary: deep(tag) },
    { weight: 4, arbitrary: huge(tag) },
    { weight: 6, arbitrary: fragmented(tag) },
    { weight: 2, arbitrary: bytes },
  );

/** A channel whose guard never answers. Rare, because each such frame takes the whole guard timeout. */
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
 * Generates episodes.
 * @param tag part of the channel names, different for each episode
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
