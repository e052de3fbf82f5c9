import WebSocket from "ws";
import { PushIt, type PushItOptions, type StateChange } from "push-it-client";
import { FakePlatform } from "./fake-platform.js";
import { Mailbox } from "./mailbox.js";
import { ScriptedServer } from "./scripted-server.js";

/** A server and clients with a clock of their own. All are closed after each test. */
export class Bench {
  server!: ScriptedServer;
  platform!: FakePlatform;
  readonly #clients: PushIt[] = [];

  /** Registers the hooks that make and clean up; call it in a `describe` or at the top of a file. */
  static use(): Bench {
    const bench = new Bench();
    beforeEach(async () => {
      bench.platform = new FakePlatform();
      bench.server = await ScriptedServer.start();
    });
    afterEach(async () => {
      // A test that fails half-way leaves promises without a handler. They must not end the whole run.
      const ignore = (): void => {};
      process.on("unhandledRejection", ignore);
      for (const client of bench.#clients.splice(0)) {
        // Open requests fail now, without a warning.
        client.on("error", () => {});
        client.disconnect();
      }
      await bench.server.stop();
      await settled();
      process.off("unhandledRejection", ignore);
    });
    return bench;
  }

  client(options: Partial<PushItOptions> = {}): { pushIt: PushIt; states: Mailbox<StateChange> } {
    const pushIt = new PushIt({ url: this.server.url, WebSocket, platform: this.platform, ...options });
    const states = new Mailbox<StateChange>();
    pushIt.on("state", states.put);
    this.#clients.push(pushIt);
    return { pushIt, states };
  }

  /** A connected client that knows its agent's id, and the server's end of its connection. */
  async connected(options: Partial<PushItOptions> = {}) {
    const { pushIt, states } = this.client(options);
    await states.find(({ state }) => state === "connected");
    if (this.server.introduces) await introduced(pushIt);
    return { pushIt, states, peer: await this.server.peers.take() };
  }
}

/** Waits until the server has replied to the ping after the handshake. */
export const introduced = async (pushIt: PushIt): Promise<void> => {
  while (!pushIt.me) await settled();
};

/** Waits for one turn of the event loop. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
