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
  /** The channels to subscribe to at once, through channel objects. */
  channels?: string[];
  /** Use the ES module instead of the `<script>` tag's global. */
  module?: boolean;
  /** Connect from a worker, which uses the ES module, instead of the page. */
  worker?: boolean;
  /** The page's Content-Security-Policy. */
  csp?: string;
  /** The page's Content-Security-Policy-Report-Only. */
  cspReportOnly?: string;
}

const PAGES = join(ROOT, "test/browser/pages");

/** The headers of a page that its address may choose. */
const CHOSEN = ["content-security-policy", "content-security-policy-report-only"];

/** A web server with one page and the built SDK, on a port of its own: another origin than the stage's. */
export class Site {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Site> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Site(server);
  }

  /** The address of a page that begins so. */
  page({ csp, cspReportOnly, channels = [], ...beginning }: Beginning): string {
    const query = new URLSearchParams({ talk: JSON.stringify({ channels, ...beginning }) });
    if (csp !== undefined) query.set("content-security-policy", csp);
    if (cspReportOnly !== undefined) query.set("content-security-policy-report-only", cspReportOnly);
    return `${this.origin}/?${query}`;
  }

  /** The address of an empty page of this site. */
  get elsewhere(): string {
    return `${this.origin}/elsewhere`;
  }

  /** Its URL. */
  private get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
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
  for (const header of CHOSEN) {
    const value = searchParams.get(header);
    if (value !== null) response.setHeader(header, value);
  }
  if (file !== undefined) send("text/javascript", readFileSync(join(SDK, file)));
  else if (pathname === "/") send("text/html", readFileSync(join(PAGES, "talk.html")));
  else if (pathname === "/worker.js") send("text/javascript", readFileSync(join(PAGES, "worker.js")));
  else if (pathname === "/elsewhere") send("text/html", "<!doctype html><title>Elsewhere</title>");
  else response.writeHead(404).end();
};
