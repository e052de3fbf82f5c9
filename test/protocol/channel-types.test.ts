import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { channel, defineChannels } from "../../protocol/channel-types.js";
import type { StandardSchema } from "../../protocol/standard-schema.js";

/** The same type in three libraries. */
const LIBRARIES: [string, StandardSchema][] = [
  ["zod", z.object({ lines: z.array(z.object({ text: z.string() })) })],
  ["valibot", v.object({ lines: v.array(v.object({ text: v.string() })) })],
  ["arktype", type({ lines: type({ text: "string" }).array() })],
];

describe.each(LIBRARIES)("a schema of %s", (_name, schema) => {
  const { fault } = defineChannels({ "rooms/*": channel({ message: schema }) });

  it("lets data pass that fits", () => {
    expect(fault("rooms/5", "message", { lines: [{ text: "one" }, { text: "two" }] })).toBeUndefined();
  });

  it("says where data does not fit", () => {
    expect(fault("rooms/5", "message", { lines: [{ text: "one" }, { text: 2 }] })).toMatch(
      /^data\.lines\[1\]\.text: ./,
    );
    expect(fault("rooms/5", "message", null)).toMatch(/^data: ./);
  });
});

const schemaOf = (validate: StandardSchema["~standard"]["validate"]): StandardSchema => ({
  "~standard": { version: 1, vendor: "test", validate },
});

describe("the types of channels", () => {
  it("take the most specific entry, and no other", () => {
    const saying = (message: string): StandardSchema => schemaOf(() => ({ issues: [{ message }] }));
    const { fault } = defineChannels({
      "rooms/*": channel({ message: saying("any") }),
      "rooms/*/cursor": channel({ message: saying("cursor") }),
      "rooms/5": channel({ message: saying("five") }),
      "rooms/open": channel(),
    });
    expect(fault("rooms/6", "message", 1)).toBe("data: any");
    expect(fault("rooms/6/cursor", "message", 1)).toBe("data: cursor");
    expect(fault("rooms/5", "message", 1)).toBe("data: five");
    expect(fault("rooms/open", "message", 1)).toBeUndefined();
    expect(fault("elsewhere", "message", 1)).toBeUndefined();
  });

  it("check states apart from messages", () => {
    const { fault } = defineChannels({ rooms: channel({ presence: z.object({ typing: z.boolean() }) }) });
    expect(fault("rooms", "message", "anything")).toBeUndefined();
    expect(fault("rooms", "presence", { typing: true })).toBeUndefined();
    expect(fault("rooms", "presence", { typing: "yes" })).toMatch(/^state\.typing: /);
  });

  it("let nothing pass if a schema is asynchronous", async () => {
    const rejects = schemaOf(() => Promise.reject(new Error("too late")));
    const { fault } = defineChannels({
      rooms: channel({ message: z.string().refine(() => Promise.resolve(true)) }),
      other: channel({ message: rejects }),
    });
    expect(fault("rooms", "message", "text")).toMatch(/asynchronous/);
    expect(fault("other", "message", "text")).toMatch(/validates asynchronously. Use a synchronous schema/);
    await new Promise(setImmediate);
  });

  it("let nothing pass if a schema throws", () => {
    const { fault } = defineChannels({
      rooms: channel({
        message: schemaOf(() => {
          throw new Error("broken");
        }),
      }),
    });
    expect(fault("rooms", "message", 1)).toBe("data cannot be checked: Error: broken");
  });

  it("name keys of any kind in the place of a fault", () => {
    const path = [{ key: "lines" }, 2, Symbol("key")];
    const { fault } = defineChannels({
      rooms: channel({ message: schemaOf(() => ({ issues: [{ message: "wrong", path }] })) }),
    });
    expect(fault("rooms", "message", 1)).toBe("data.lines[2].Symbol(key): wrong");
  });

  it.each(["", "/*", "rooms/", "/meta/*", "rooms/**", "*"])("refuse the pattern %j", (pattern) => {
    expect(() => defineChannels({ [pattern]: channel() })).toThrow(/neither a channel name nor a pattern/);
  });
});
