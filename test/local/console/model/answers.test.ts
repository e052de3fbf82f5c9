import { readFrame } from "../../../../local/console/model/answers.js";

describe("hear", () => {
  it("hears who the connection is, from both answers that tell", () => {
    const data = { agent: "a1", timeouts: {}, limits: {} };
    expect(readFrame(JSON.stringify({ channel: "/meta/connect", successful: true, data })).facts).toEqual(data);
    expect(readFrame(JSON.stringify([{ channel: "/meta/ping", successful: true, data }])).facts).toEqual(data);
  });

  it("hears subscriptions, granted ones only", () => {
    const frame = [
      { channel: "/meta/subscribe", successful: true, data: { channel: "a" } },
      { channel: "/meta/subscribe", successful: false, data: { channel: "b" } },
    ];
    expect(readFrame(JSON.stringify(frame)).subscribed).toEqual(["a"]);
  });

  it("hears which channels tell who is there", () => {
    const frame = [
      { channel: "/meta/subscribe", successful: true, data: { channel: "a" } },
      { channel: "/meta/subscribe", successful: true, data: { channel: "b", presenceIntervalMs: 60_000 } },
    ];
    expect(readFrame(JSON.stringify(frame)).withPresence).toEqual(["b"]);
  });

  it.each([
    "",
    "no",
    "null",
    "7",
    '{"channel":"/meta/ping","successful":true,"data":{"agent":7}}',
    '[null,{"successful":true}]',
  ])("hears nothing in %j", (text) => {
    expect(readFrame(text)).toEqual({ subscribed: [], attended: [] });
  });
});
