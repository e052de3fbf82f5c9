import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserTest } from "./world.js";

/** Attempts after which a hint would have come. */
const ATTEMPTS = 6;

/** The server behind a proxy that lets only HTTP through: it answers every request, and upgrades none. */
class WithoutWebSockets {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<WithoutWebSockets> {
    const server = createServer((_, response) => void response.writeHead(403).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new WithoutWebSockets(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/live`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** At least how long to wait before an attempt that the page's own policy will forbid again. */
const RARELY = 30_000;

/** Tests of connections that a policy or a proxy forbids. */
export const POLICY: readonly BrowserTest[] = [
  {
    title: "reports that the Content-Security-Policy forbids the connection, and retries rarely",
    async run(world) {
      const way = await world.way();
      const page = await world.open({}, { csp: "connect-src 'self'", way });
      const { text, retryIn } = await page.shows("connecting csp");
      expect(text).toContain("connect-src");
      expect(retryIn).toBeGreaterThanOrEqual(RARELY);
      // No attempt before its time, neither when the page had been loaded nor later.
      expect((await page.events()).map(({ text: shown }) => shown.split(" ")[1])).toEqual(["connect", "csp"]);
      expect(way.accepted).toBe(0);
    },
  },
  {
    title: "connects in a page whose Content-Security-Policy only reports",
    async run(world) {
      const page = await world.open({}, { channels: ["rooms/reported"], cspReportOnly: "connect-src 'self'" });
      await page.publish("rooms/reported", "allowed");
      expect(await page.messages(1)).toEqual(["allowed"]);
    },
  },
  {
    title: "gives a hint if only WebSockets cannot reach the server",
    async run(world) {
      const server = await WithoutWebSockets.start();
      const page = await world.open({ url: server.url });
      await page.shows("connecting websocket_blocked");
      await server.close();
    },
  },
  {
    title: "gives no hint if the network is down",
    async run(world) {
      const way = await world.way();
      way.cut();
      const page = await world.open({}, { way });
      await page.tab.until((count) => document.querySelectorAll("#events li").length >= count, [ATTEMPTS]);
      const codes = (await page.events()).map(({ text }) => text.split(" ")[1]);
      expect(new Set(codes)).toEqual(new Set(["connect", "unreachable"]));
    },
  },
];
