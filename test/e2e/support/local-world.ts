import { setTimeout as sleep } from "node:timers/promises";
import { Duration } from "aws-cdk-lib";
import WebSocket from "ws";
import { PushIt } from "push-it-client";
import type { FakeChannelOptions } from "push-it-client/testing";
import type { ChannelOptions } from "../../../infra/index.js";
import { DEPLOYMENT } from "../../client/testing/conformance/deployment.js";
import type { World } from "../../client/testing/conformance/world.js";
import { publisherOf } from "./publisher.js";
import { addResources } from "./publisher-stack.js";
import { TestSystem } from "./system.js";

/** How long one moment of the suite takes, in milliseconds. */
const MOMENT_MS = 25;

/** The suite's deployment as a local system. */
export interface LocalWorld extends World {
  /** Disconnects the clients of one behaviour. */
  disconnectAll(): Promise<void>;
  close(): Promise<void>;
}

const channelOf = ({ history, presence, latest, from }: FakeChannelOptions): ChannelOptions => ({
  ...(latest && { latest }),
  ...(from && { from }),
  ...(presence && { presence }),
  ...(history && {
    history:
      history === true
        ? {}
        : {
            ...(history.size !== undefined && { size: history.size }),
            ...(history.seconds !== undefined && { ttl: Duration.seconds(history.seconds) }),
          },
  }),
});

/**
 * Starts the suite's deployment.
 * @param guards the source of its guard module
 * @param channels options of channels, if they are not the suite's
 * @param moments the longest that a condition may take, in moments
 */
export const localWorld = async (
  guards: string,
  channels: Record<string, FakeChannelOptions> = DEPLOYMENT.channels,
  moments = 3_600,
): Promise<LocalWorld> => {
  const { wildcards, limits, timeouts, presenceGrace } = DEPLOYMENT;
  const system = await TestSystem.start({
    guards,
    addResources,
    props: {
      channels: Object.fromEntries(Object.entries(channels).map(([pattern, each]) => [pattern, channelOf(each)])),
      wildcards,
      limits,
      timeouts: { onSubscriptionRequest: Duration.millis(timeouts.onSubscriptionRequest) },
      publishUrl: true,
      presenceGrace: Duration.millis(presenceGrace),
    },
  });
  const clients = new Map<PushIt, Set<WebSocket>>();
  return {
    client(options) {
      const sockets = new Set<WebSocket>();
      const Socket = class extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          sockets.add(this);
        }
      };
      const client = new PushIt({
        url: system.running.websocketUrl,
        WebSocket: Socket,
        retryBase: 50,
        logger: {},
        ...options,
      });
      clients.set(client, sockets);
      return client;
    },
    program: publisherOf(system, "BackEnd"),
    cut(client) {
      for (const socket of clients.get(client)!) socket.terminate();
    },
    pass: () => sleep(MOMENT_MS),
    moments,
    async disconnectAll() {
      for (const client of clients.keys()) client.disconnect();
      clients.clear();
      // The next behaviour counts its users' connections.
      for (let moment = 0; moment < 400 && (await agentsIn(system)) > 0; moment += 1) await sleep(MOMENT_MS);
    },
    async close() {
      for (const client of clients.keys()) client.disconnect();
      await system.close();
    },
  };
};

const agentsIn = async (system: TestSystem): Promise<number> =>
  (await system.rows()).filter(({ sk }) => sk === "agent").length;
