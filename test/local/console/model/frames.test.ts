import { describeFrame } from "../../../../local/console/model/frames.js";

const out = (frame: unknown) => describeFrame("out", JSON.stringify(frame));
const into = (frame: unknown) => describeFrame("in", JSON.stringify(frame));

describe("describeFrame", () => {
  it.each([
    [{ action: "connect", channel: "/meta/connect", uuid: "u" }, "connect"],
    [
      { action: "subscribe", channel: "/meta/subscribe", uuid: "u", data: { channel: "stories/5" } },
      "subscribe stories/5",
    ],
    [{ action: "subscribe", data: { channels: ["a", "b", "c", "d", "e"] } }, "subscribe a, b, c and 2 more"],
    [{ action: "publish", channel: "stories/5", uuid: "u", data: 1 }, "publish stories/5"],
    [{ action: "send", messages: [{ channel: "a" }, { channel: "b" }] }, "send a, b"],
  ])("summarizes the request %j", (frame, summary) => {
    expect(out(frame)).toMatchObject({ kind: "protocol", summary, failed: false });
  });

  it.each([
    [{ channel: "stories/5", uuid: "u", data: {} }, "stories/5", false],
    [{ channel: "/meta/successful", uuid: "u", successful: true }, "/meta/successful", false],
    [{ channel: "/meta/error", successful: false, code: "denied", error: "No." }, "/meta/error denied: No.", true],
    [
      [
        { channel: "/meta/subscribe", successful: true, data: { channel: "a" } },
        { channel: "/meta/subscribe", successful: false, code: "denied", error: "No.", data: { channel: "b" } },
      ],
      "/meta/subscribe a, /meta/subscribe b denied: No.",
      true,
    ],
  ])("summarizes the server's frame %j", (frame, summary, failed) => {
    expect(into(frame)).toMatchObject({ kind: "protocol", summary, failed });
  });

  it("gives a look into messages, and not into requests and answers", () => {
    expect(into({ channel: "a", uuid: "u", data: { title: "Hi" } }).preview).toBe('{"title":"Hi"}');
    expect(out({ action: "publish", channel: "a", uuid: "u", data: "Hi" }).preview).toBe('"Hi"');
    expect(
      out({
        action: "publish",
        messages: [
          { channel: "a", data: 1 },
          { channel: "a", data: 2 },
        ],
      }).preview,
    ).toBe("1");
    expect(out({ action: "subscribe", data: { channel: "a" } }).preview).toBe("");
    expect(into({ channel: "/meta/ping", successful: true, data: { agent: "x" } }).preview).toBe("");
  });

  it("marks API Gateway's own error frames", () => {
    const frame = { message: "Internal server error", connectionId: "c=", requestId: "r" };
    expect(into(frame)).toMatchObject({ kind: "gateway", summary: "Internal server error", failed: true });
  });

  it("shows an empty frame", () => {
    expect(describeFrame("in", "")).toMatchObject({ kind: "empty", bytes: 0, summary: "empty frame", failed: false });
  });

  it.each(["not JSON", "17", "null", "[]", '"text"'])("marks %j as nothing of Push-It's", (text) => {
    expect(describeFrame("in", text)).toMatchObject({ kind: "foreign", failed: true, detail: text });
  });

  it.each([
    '{"channel":7,"successful":false,"code":{},"error":[]}',
    '{"action":null,"data":{"channels":[1,null]}}',
    '{"action":"publish","messages":[null,7]}',
    '[{"channel":"a"},null,"b"]',
    '{"__proto__":1,"data":null}',
  ])("survives %s", (text) => {
    expect(describeFrame("in", text).bytes).toBe(text.length);
    expect(describeFrame("out", text).bytes).toBe(text.length);
  });

  it("counts bytes, not characters", () => {
    expect(into({ channel: "a", uuid: "u", data: "ë" }).bytes).toBe(38);
  });
});
