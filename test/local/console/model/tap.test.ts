import { WebSocket as NodeWebSocket } from "ws";
import { tapped, type WireEvent } from "../../../../local/console/model/tap.js";
import { Stage } from "./stage.js";

describe("tapped", () => {
  it("reports all events of a socket in order", async () => {
    const stage = await Stage.start();
    const events: WireEvent[] = [];
    const Tapped = tapped(NodeWebSocket as unknown as typeof WebSocket, (event) => events.push(event));
    const socket = new Tapped(stage.url, ["push-it.v1", "push-it.credentials.InNlY3JldCI"]);
    const frame = '{"action":"connect","uuid":"u1"}';
    await new Promise<void>((resolve) => {
      socket.onopen = () => socket.send(frame);
      socket.onmessage = () => socket.close();
      socket.onclose = () => resolve();
    });
    await stage.stop();
    expect(events.map(({ kind }) => kind)).toEqual(["handshake", "open", "frame", "frame", "close"]);
    expect(events[0]).toMatchObject({
      protocols: ["push-it.v1", "push-it.credentials.… (11 characters of base64url, not shown)"],
    });
    expect(events[1]).toEqual({ kind: "open", protocol: "push-it.v1" });
    expect(events[2]).toEqual({ kind: "frame", direction: "out", text: frame });
    expect(events[3]).toMatchObject({ kind: "frame", direction: "in" });
    expect(events[4]).toMatchObject({ kind: "close", code: 1005 });
  });

  it("makes and reports no socket if none is admitted", () => {
    const events: WireEvent[] = [];
    const refuse = (): never => {
      throw new Error("Not now.");
    };
    const Tapped = tapped(NodeWebSocket as unknown as typeof WebSocket, (event) => events.push(event), refuse);
    expect(() => new Tapped("ws://127.0.0.1:1", [])).toThrow("Not now.");
    expect(events).toEqual([]);
  });

  it("does not report a frame that could not be sent", async () => {
    const stage = await Stage.start();
    const events: WireEvent[] = [];
    const Tapped = tapped(NodeWebSocket as unknown as typeof WebSocket, (event) => events.push(event));
    const socket = new Tapped(stage.url, ["push-it.v1"]);
    const closed = new Promise<void>((resolve) => {
      socket.onopen = () => socket.close();
      socket.onclose = () => resolve();
    });
    expect(() => socket.send("too early")).toThrow();
    await closed;
    await stage.stop();
    expect(events.filter(({ kind }) => kind === "frame")).toEqual([]);
  });
});
