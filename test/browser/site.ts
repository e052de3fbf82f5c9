import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ROOT } from "./dev.js";
import type { Json } from "./engines/engine.js";
import { SDK } from "./sdk.js";

/** How a page begins. */
export interface Beginning {
  /** The client's options. */
  options: { url: string; [option: string]: Json };
  /** What to subscribe to at once, through channel objects. */
  channels?: string[];
  /** Use the ES module instead of the `<script>` tag's global. */
  module?: boolean;
  /** The page's Content-Security-Policy. */
  csp?: string;
}

const PAGE = join(ROOT, "test/browser/pages/talk.html");

/** A web server with one page and the built SDK, on a port of its own: another origin than the stage's. */
export class Site {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Site> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Site(server);
  }

  /** The address of a page that begins so. */
  page({ csp, channels = [], ...beginning }: Beginning): string {
    const query = new URLSearchParams({ talk: JSON.stringify({ channels, ...beginning }), ...(csp !== undefined && { csp }) });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/?${query}`;
  }

  /** The address of an empty page of this site. */
  get elsewhere(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/elsewhere`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const answer = ({ url = "" }: IncomingMessage, response: ServerResponse): void => {
  const { pathname, searchParams } = new URL(url, "http://site");
  const send = (type: string, body: string | Buffer): void => void response.setHeader("content-type", type).end(body);
  const file = /^\/sdk\/([\w./-]+\.js)$/.exec(pathname)?.[1];
  const policy = searchParams.get("csp");
  if (policy !== null) response.setHeader("content-security-policy", policy);
  if (file !== undefined) send("text/javascript", readFileSync(join(SDK, file)));
  else if (pathname === "/") send("text/html", readFileSync(PAGE));
  else if (pathname === "/elsewhere") send("text/html", "<!doctype html><title>Elsewhere</title>");
  else response.writeHead(404).end();
};
