import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { RawClientPool, CONNECTIONS_PER_CHANNEL } from "../../../../tools/bench/connections/raw-client-pool.js";
import { SUBPROTOCOL } from "../../../../protocol/index.js";

/** A server of sockets that answers as a test says. */
const serving = async (
  answer: (frame: { action: string; uuid: string; channel: string }, socket: WebSocket) => unknown,
  crowdOf: (pool: RawClientPool) => Promise<void>,
) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => SUBPROTOCOL });
  server.on("connection", (socket) =>
    socket.on("message", (data: Buffer) => {
      const said = answer(JSON.parse(data.toString()), socket);
      if (said !== undefined) socket.send(JSON.stringify(said));
    }),
  );
  await once(server, "listening");
  const pool = new RawClientPool(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await crowdOf(pool);
    return pool.state;
  } finally {
    pool.end();
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
};

/** A second of so many connections is one publication of each sixtieth. */
const SOME = 60;

test("counts error answers by their code", async () => {
  const { errors, published, acknowledged } = await serving(
    ({ uuid }) => ({ channel: "/meta/error", uuid, successful: false, code: "unavailable" }),
    async (pool) => {
      await pool.connect(SOME);
      await pool.hold(1);
    },
  );
  expect([published, acknowledged, errors]).toEqual([1, 0, { "answer: unavailable": 1 }]);
});

test("a duplicate message counts once and does not hide a loss", async () => {
  const { received, repeated, errors } = await serving(
    ({ uuid, channel }) => {
      const answer = { channel: "/meta/successful", uuid, successful: true };
      const message = { channel, uuid, data: 0 };
      return uuid === "p0" ? [message, message, answer] : answer;
    },
    async (pool) => {
      await pool.connect(2 * SOME);
      await pool.hold(1);
    },
  );
  expect({ received, repeated, errors }).toEqual({ received: 1, repeated: 1, errors: { "not received": 1 } });
}, 300_000);

test("a connection that the server closes is an error", async () => {
  const { errors, open } = await serving(
    ({ uuid, channel }, socket) => {
      setImmediate(() => socket.close(1001));
      return [
        { channel, uuid, data: 0 },
        { channel: "/meta/successful", uuid, successful: true },
      ];
    },
    async (pool) => {
      await pool.connect(SOME);
      await pool.hold(1);
    },
  );
  expect([open, errors]).toEqual([SOME - 1, { "closed: 1001": 1 }]);
});

test("the first of each channel subscribes, and all publish on it", async () => {
  const subscribed: string[] = [];
  const channels = new Set<string>();
  await serving(
    (frame) => {
      const { action, uuid, channel } = frame;
      if (action === "subscribe") {
        subscribed.push((frame as unknown as { data: { channel: string } }).data.channel);
        return { channel: "/meta/subscribe", uuid, successful: true };
      }
      channels.add(channel);
      return [
        { channel, uuid, data: 0 },
        { channel: "/meta/successful", uuid, successful: true },
      ];
    },
    async (pool) => {
      await pool.connect(CONNECTIONS_PER_CHANNEL + 20);
      await pool.subscribe();
      await pool.hold(1);
    },
  );
  expect(subscribed).toEqual(["room/0", "room/1"]);
  expect([...channels]).toEqual(["room/0"]);
});

test("a refused handshake is an error, and the run continues", async () => {
  const pool = new RawClientPool("ws://127.0.0.1:1");
  await pool.connect(2);
  expect(pool.state.open).toBe(0);
  expect(Object.values(pool.state.errors)).toEqual([2]);
});
