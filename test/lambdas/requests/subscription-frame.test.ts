import { DEFAULT_LIMITS, Meta } from "../../../protocol/index.js";
import { readSubscription, type SubscriptionTarget } from "../../../lambdas/requests/frame-parser.js";
import { faultsOf, NOT_FRAMES } from "./frame-parser-fixture.js";

describe.each([Meta.subscribe, Meta.unsubscribe] as const)("a frame to %s", (meta) => {
  const read = (data: unknown) =>
    readSubscription(JSON.stringify({ channel: meta, uuid: "u1", data }), meta, DEFAULT_LIMITS);

  const request = (...targets: Partial<SubscriptionTarget>[]) => ({
    request: {
      uuid: "u1",
      targets: new Map(targets.map((target) => [target.channel, { present: true, invalid: [], ...target }])),
    },
  });

  test("names one channel, or several", () => {
    expect(read({ channel: "a" })).toEqual(request({ channel: "a" }));
    expect(read({ channels: ["a", "b"] })).toEqual(request({ channel: "a" }, { channel: "b" }));
  });

  test("may say for each channel whether the agent is a member", () => {
    expect(read({ channel: "a", present: false })).toEqual(request({ channel: "a", present: false }));
    const mixed = [
      { channel: "a", present: false },
      { channel: "b", present: true },
      "c",
      { channel: "c", present: false },
    ];
    expect(read({ channels: mixed })).toEqual(
      request({ channel: "a", present: false }, { channel: "b" }, { channel: "c" }),
    );
    for (const wrong of [null, 0, "false", {}])
      expect(read({ channels: [{ channel: "a", present: wrong }, "b"] })).toEqual(
        request({ channel: "a", invalid: ["present"] }, { channel: "b" }),
      );
  });

  test("may have a position for each channel", () => {
    const since = { epoch: "e1", offset: 3 };
    expect(read({ channel: "a", since })).toEqual(request({ channel: "a", since }));
    expect(read({ channels: [{ channel: "a", since }, "b", { channel: "c" }] })).toEqual(
      request({ channel: "a", since }, { channel: "b" }, { channel: "c" }),
    );
    for (const wrong of [
      1,
      null,
      {},
      { epoch: "e1" },
      { ...since, offset: 1.5 },
      { ...since, offset: -1 },
      { ...since, epoch: "e".repeat(65) },
    ]) {
      expect(
        read({
          channels: [
            { channel: "a", since: wrong },
            { channel: "b", since },
          ],
        }),
      ).toEqual(request({ channel: "a", invalid: ["since"] }, { channel: "b", since }));
    }
  });

  test("may request the last 1 to 100 messages of a channel", () => {
    for (const last of [1, 50, 100]) expect(read({ channel: "a", last })).toEqual(request({ channel: "a", last }));
    for (const wrong of [0, 101, -1, 1.5, "50", null, true, [5]])
      expect(read({ channels: [{ channel: "a", last: wrong }, "b"] })).toEqual(
        request({ channel: "a", invalid: ["last"] }, { channel: "b" }),
      );
  });

  test("may have a token of at most 2,048 bytes for each channel", () => {
    for (const token of ["x", null, 0, { a: [1] }, "é".repeat(1_023)])
      expect(read({ channels: [{ channel: "a", token }, "b"] })).toEqual(
        request({ channel: "a", token }, { channel: "b" }),
      );
    for (const token of ["x".repeat(2_047), "é".repeat(1_024), { a: "x".repeat(2_048) }])
      expect(read({ channels: [{ channel: "a", token }, "b"] })).toEqual(
        request({ channel: "a", invalid: ["token"] }, { channel: "b" }),
      );
  });

  test("names each channel once, with the last value of each field", () => {
    const since = { epoch: "e1", offset: 3 };
    expect(read({ channels: ["a", "b", "a"] })).toEqual(request({ channel: "a" }, { channel: "b" }));
    expect(
      read({ channels: [{ channel: "a", since, last: 5 }, "b", { channel: "a", last: 6 }, { channel: "b", last: 0 }] }),
    ).toEqual(request({ channel: "a", since, last: 6 }, { channel: "b", invalid: ["last"] }));
  });

  test("may name invalid channels, which are refused one by one", () => {
    expect(read({ channels: ["", "/meta/x", "a b"] })).toEqual(
      request({ channel: "" }, { channel: "/meta/x" }, { channel: "a b" }),
    );
  });

  test.each([
    ["no data", undefined],
    ["null", null],
    ["a string", "a"],
    ["a list", ["a"]],
    ["no channel", {}],
    ["an empty list", { channels: [] }],
    ["a string instead of a list", { channels: "a" }],
    ["a number among the channels", { channels: ["a", 5] }],
    ["null among the channels", { channels: [null] }],
    ["a number as the channel", { channel: 5 }],
    ["a list in the list", { channels: [["a"]] }],
  ])("with %s must have a data.channel", (_, data) => {
    const [fault, ...more] = faultsOf(read(data));
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ channel: meta, uuid: "u1", successful: false, code: "bad_frame" });
    expect(fault?.error).toContain("data.channel");
  });

  test("names at most 25 channels", () => {
    const channels = Array.from({ length: 26 }, (_, at) => `c${at}`);
    expect(read({ channels: channels.slice(1) })).toEqual(
      request(...channels.slice(1).map((channel) => ({ channel }))),
    );
    expect(faultsOf(read({ channels }))).toMatchObject([{ channel: meta, uuid: "u1", code: "too_many" }]);
  });

  test("names at most the deployment's limit, with repetitions counted", () => {
    const read = (channels: string[]) =>
      readSubscription(JSON.stringify({ channel: meta, uuid: "u1", data: { channels } }), meta, {
        channelsPerFrame: 2,
      });
    expect(read(["a", "b"])).toMatchObject({
      request: {
        targets: new Map([
          ["a", {}],
          ["b", {}],
        ]),
      },
    });
    expect(faultsOf(read(["a", "b", "a"]))).toMatchObject([
      { code: "too_many", error: "A frame may have at most 2 channels." },
    ]);
  });

  test.each(NOT_FRAMES)("that is %s is an error", (_, body) => {
    expect(faultsOf(readSubscription(body, meta, DEFAULT_LIMITS))).toMatchObject([
      { channel: Meta.error, code: "bad_frame" },
    ]);
  });
});
