import { wireLine } from "../../../../local/console/model/wire.js";

describe("wireLine", () => {
  it("shows a handshake and the subprotocols that it offered", () => {
    const line = wireLine({ kind: "handshake", url: "wss://x/live", protocols: ["push-it.v1", "push-it.v1.denied"] });
    expect(line).toMatchObject({ direction: "none", label: "handshake", what: "handshake wss://x/live" });
    expect(line.detail).toBe("Sec-WebSocket-Protocol:\n  push-it.v1\n  push-it.v1.denied");
  });

  it("shows which subprotocol was selected", () => {
    expect(wireLine({ kind: "open", protocol: "push-it.v1" }).what).toBe("open, push-it.v1 selected");
    expect(wireLine({ kind: "open", protocol: "" }).what).toBe("open, no subprotocol selected");
  });

  it("explains a close", () => {
    expect(wireLine({ kind: "close", code: 1000, reason: "" })).not.toHaveProperty("tone");
    expect(wireLine({ kind: "close", code: 1001, reason: "Going away" })).toMatchObject({
      what: "close 1001, how API Gateway ends idle and old connections · “Going away”",
      tone: "warn",
    });
    expect(wireLine({ kind: "close", code: 4000, reason: "" }).what).toBe("close 4000");
  });

  it("shows frames by direction, size and kind", () => {
    expect(wireLine({ kind: "frame", direction: "out", text: '{"action":"ping"}' })).toMatchObject({
      arrow: "↑",
      label: "sent",
      what: "ping",
      bytes: 17,
      detail: '{ "action": "ping" }',
    });
    expect(wireLine({ kind: "frame", direction: "in", text: '{"message":"Forbidden","requestId":"r"}' })).toMatchObject(
      {
        mark: "API Gateway",
        tone: "bad",
      },
    );
    expect(wireLine({ kind: "frame", direction: "in", text: "hello" })).toMatchObject({ mark: "not Push-It" });
    expect(wireLine({ kind: "frame", direction: "in", text: "" })).not.toHaveProperty("detail");
  });

  it("warns of a frame near the limit", () => {
    const text = JSON.stringify({ channel: "a", uuid: "u", data: "x".repeat(31_000) });
    expect(wireLine({ kind: "frame", direction: "in", text }).tone).toBe("warn");
  });
});
