import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { EVENTS_PATH } from "./posted-events.js";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webmanifest": "application/manifest+json",
};

/** The path at which the console page requests the system's description. */
const INFO_PATH = "/_push-it/info";

/** The path at which the console page requests the billable usage. */
const METER_PATH = "/_push-it/meter";

/** The SDK's files, by the path they are served at. */
const SDK: Record<string, string> = { "/sdk/index.js": "index.js", "/sdk/push-it.iife.js": "push-it.iife.js" };

/** The context of the page server. */
export interface PagesOptions {
  /** The built package: holds `console` and `sdk`. */
  dist: string;
  /** Returns the system's description for the console page. */
  info: () => object;
  /** Returns the billable usage for the console page. @default the path is not served */
  meter?: (() => object) | undefined;
  /** Takes events at {@link EVENTS_PATH}. */
  events?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** Serves the console page at `/`, the SDK, and the system's description as JSON; accepts events. */
export const pages = ({ dist, info, meter, events }: PagesOptions) => {
  const files = join(dist, "console");
  return (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request);
    if (events && path === EVENTS_PATH && request.method === "POST") return void events(request, response);
    if (request.method !== "GET" && request.method !== "HEAD")
      return send(response, 405, "text/plain", "Method Not Allowed");
    if (path === INFO_PATH) return send(response, 200, "application/json", JSON.stringify(info()));
    if (meter && path === METER_PATH) return send(response, 200, "application/json", JSON.stringify(meter()));
    const sdk = path === undefined ? undefined : SDK[path];
    const file = sdk === undefined ? inside(files, path) : join(dist, "sdk", sdk);
    void sendFile(response, file);
  };
};

const pathOf = ({ url = "/" }: IncomingMessage): string | undefined => {
  try {
    return decodeURIComponent(new URL(url, "http://local").pathname);
  } catch {
    return undefined;
  }
};

/** A file of the folder; `undefined` for a path that leads out of it. */
const inside = (folder: string, path: string | undefined): string | undefined => {
  if (path === undefined || path.includes("\0")) return undefined;
  const file = normalize(join(folder, path.endsWith("/") ? `${path}index.html` : path));
  return file.startsWith(folder + sep) ? file : undefined;
};

const sendFile = async (response: ServerResponse, file: string | undefined): Promise<void> => {
  const content = file === undefined ? undefined : await readFile(file).catch(() => undefined);
  if (file === undefined || content === undefined) return send(response, 404, "text/plain", "Not Found");
  send(response, 200, TYPES[extname(file)] ?? "application/octet-stream", content);
};

const send = (response: ServerResponse, status: number, type: string, body: string | Buffer): void => {
  const headers = { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" };
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
};
