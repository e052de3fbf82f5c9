import { readFrame } from "../../../../local/console/model/answers.js";

describe("readFrame", () => {
  it("reads the connection's agent from both replies that contain it", () => {
    const data = { agent: "a1", timeouts: {}, limits: {} };
    expect(readFrame(JSON.stringify({ channel: "/meta/connect", successful: true, data })).facts).toEqual(data);
    expect(readFrame(JSON.stringify([{ channel: "/meta/ping", successful: true, data }])).facts).toEqual(data);
  });

  it("reads only granted subscriptions", () => {
    const frame = [
      { channel: "/meta/subscribe", successful: true, data: { channel: "a" } },
      { channel: "/meta/subscribe", successful: false, data: { channel: "b" } },
    ];
    expect(readFrame(JSON.stringify(frame)).subscribed).toEqual(["a"]);
  });

  it("reads which channels have presence", () => {
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
  ])("reads nothing in %j", (text) => {
    expect(readFrame(text)).toEqual({ subscribed: [], withPresence: [] });
  });
});
