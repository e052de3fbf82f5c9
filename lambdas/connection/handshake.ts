import {
  CREDENTIALS_PREFIX,
  type Json,
  type Limits,
  SUBPROTOCOL,
  SUBPROTOCOL_DENIED,
  SESSION_PREFIX,
} from "../../protocol/index.js";
import { isAllowedOrigin } from "./origins.js";
import { digest, SESSION } from "./session.js";

/** The parts of a client's handshake. */
export interface ParsedHandshake {
  /** Whether the client wants a denial explained on a socket without an agent. */
  explains: boolean;
  credentials: Json | undefined;
  /** A hash of its session's secret. */
  session: string | undefined;
}

/** The handshake of a client with larger credentials than the deployment accepts. They have not been parsed. */
export interface OversizedHandshake extends Pick<ParsedHandshake, "explains"> {
  tooLarge: true;
}

/** A handshake's headers, with the client's spelling of the names. */
export type Headers = Record<string, string | undefined>;

const headerOf = (headers: Headers, wanted: string): string | undefined =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];

/**
 * Whether a page with this handshake's `Origin` may connect. A handshake without an origin is allowed: it does not come
 * from a browser. This stops pages only, because any other client can choose its origin.
 * @param allowed origins and patterns in lower case; empty: all
 */
export const isOriginAllowed = (headers: Headers, allowed: readonly string[]): boolean => {
  const origin = headerOf(headers, "origin");
  return allowed.length === 0 || origin === undefined || allowed.some((each) => isAllowedOrigin(origin, each));
};

/**
 * The unchanged parts of a client's handshake other than its credentials, for the connection guard alone. They are
 * neither stored nor logged.
 */
export interface Handshake {
  /** The page's origin; absent if the client is not a browser, or hides it. */
  origin?: string;
  /** The URL's query; the last value of a repeated name. */
  query: { [name: string]: string };
  /** Cookies, not decoded; the first value of a repeated name, which has the most specific path. */
  cookies: { [name: string]: string };
}

/** Reads a handshake for the connection guard. */
export const handshakeOf = (headers: Headers, query: Record<string, string | undefined> = {}): Handshake => {
  const origin = headerOf(headers, "origin");
  const given = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined);
  return {
    ...(origin !== undefined && { origin }),
    query: Object.fromEntries(given),
    cookies: cookiesOf(headerOf(headers, "cookie")),
  };
};

/** @see https://datatracker.ietf.org/doc/html/rfc6265#section-5.4 */
const cookiesOf = (header = ""): { [name: string]: string } => {
  const cookies = new Map<string, string>();
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, equals)).trim();
    if (name !== "" && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  // `fromEntries` makes own properties, also of a cookie named __proto__.
  return Object.fromEntries(cookies);
};

const entriesOf = (offered: readonly string[], prefix: string): string[] =>
  offered.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));

/**
 * Reads the `Sec-WebSocket-Protocol` header of a handshake. Returns `undefined` if it is not a handshake of this
 * protocol.
 */
export const parseHandshake = (
  headers: Headers,
  { credentialsBytes }: Pick<Limits, "credentialsBytes">,
): ParsedHandshake | OversizedHandshake | undefined => {
  const header = headerOf(headers, "sec-websocket-protocol") ?? "";
  const offered = header.split(",").map((entry) => entry.trim());
  if (!offered.includes(SUBPROTOCOL)) return undefined;
  const [encoded, ...more] = entriesOf(offered, CREDENTIALS_PREFIX);
  const [secret, ...others] = entriesOf(offered, SESSION_PREFIX);
  if (more.length > 0 || others.length > 0 || (secret !== undefined && !SESSION.test(secret))) return undefined;
  const explains = offered.includes(SUBPROTOCOL_DENIED);
  const session = secret === undefined ? undefined : digest(secret);
  if (encoded === undefined) return { explains, credentials: undefined, session };
  // Buffer skips characters that are not base64url instead of refusing them.
  if (!/^[\w-]+$/.test(encoded)) return undefined;
  const json = Buffer.from(encoded, "base64url");
  if (json.length > credentialsBytes) return { explains, tooLarge: true };
  try {
    return {
      explains,
      credentials: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)) as Json,
      session,
    };
  } catch {
    return undefined;
  }
};
