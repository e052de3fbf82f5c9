import { PingPayload } from "../../../client/src/connection/ping-payload.js";
import type { PingPart } from "../../../client/src/extension.js";
import { FakeConnection, FakeInternals, FakeTransport } from "../support/fake-internals.js";

const partOf = (key: string, intervalMs: number, includes: (channel: string) => boolean = () => true): PingPart => ({
  key,
  intervalMs: () => intervalMs,
  includes,
  encode: (channels) => channels,
});

const make = (channels: string[], ...parts: PingPart[]) => {
  const client = new FakeInternals();
  const connection = new FakeConnection();
  connection.transport = new FakeTransport();
  for (const channel of channels) connection.transport.subscriptions.set(channel, "member");
  for (const pingPart of parts) client.extensions.push({ pingPart });
  client.extensions.push({});
  return { payload: new PingPayload(client, connection), connection };
};

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index}`);

describe("what pings carry", () => {
  it("is empty if no part has channels", () => {
    const { payload } = make(
      ["a"],
      partOf("positions", 10, () => false),
    );
    expect([payload.next(), payload.intervalMs()]).toEqual([undefined, Infinity]);
  });

  it("are the channels of each part, as often as needed", () => {
    const { payload } = make(
      ["a", "b"],
      partOf("positions", 300, (channel) => channel === "a"),
      partOf("presentChannels", 60),
    );
    expect(payload.next()).toEqual({ positions: ["a"], presentChannels: ["a", "b"] });
    expect(payload.intervalMs()).toBe(60);
  });

  it("are 100 channels at most, in turns, so much more often", () => {
    const all = names(250);
    const { payload } = make(all, partOf("positions", 300));
    expect(payload.intervalMs()).toBe(100);
    const pages = [1, 2, 3, 4].map(() => (payload.next() as { positions: string[] }).positions);
    expect(pages.map(({ length }) => length)).toEqual([100, 100, 50, 100]);
    expect(pages.slice(0, 3).flat()).toEqual(all);
    expect(pages[3]).toEqual(pages[0]);
  });

  it("are channels of the connection in use only", () => {
    const { payload, connection } = make(["a"], partOf("positions", 300));
    connection.transport = new FakeTransport();
    expect(payload.next()).toBeUndefined();
    connection.transport = undefined;
    expect([payload.next(), payload.intervalMs()]).toEqual([undefined, Infinity]);
  });
});
