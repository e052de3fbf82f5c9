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

/** What a client offers in its handshake. */
export interface ParsedHandshake {
  /** Whether it wants a denial explained on a socket that has no agent. */
  explains: boolean;
  credentials: Json | undefined;
  /** A hash of its session's secret. */
  session: string | undefined;
}

/** What is known of a client whose credentials are larger than the deployment takes: they have not been read. */
export interface OversizedHandshake extends Pick<ParsedHandshake, "explains"> {
  tooLarge: true;
}

/** A handshake's headers, spelled as the client did. */
export type Headers = Record<string, string | undefined>;

const headerOf = (headers: Headers, wanted: string): string | undefined =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];

/**
 * Whether a page of this handshake's `Origin` may connect. Who sends none is no browser: what a page cannot choose,
 * anybody else can, so that this stops pages and nobody else.
 * @param allowed origins and patterns in lower case; empty: all
 */
export const isOriginAllowed = (headers: Headers, allowed: readonly string[]): boolean => {
  const origin = headerOf(headers, "origin");
  return allowed.length === 0 || origin === undefined || allowed.some((each) => isAllowedOrigin(origin, each));
};

/**
 * What a client has sent besides credentials, as it sent it: for the connection guard alone. It is not stored and not
 * logged.
 */
export interface Handshake {
  /** The page's origin; absent if the client is not a browser, or hides it. */
  origin?: string;
  /** Of the URL; of a name that comes several times, the last value. */
  query: { [name: string]: string };
  /** Without decoding; of a name that comes several times, the first value, which is the one of the most specific path. */
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
  // Names of the object's own, whatever they are: a cookie __proto__ too.
  return Object.fromEntries(cookies);
};

const entriesOf = (offered: readonly string[], prefix: string): string[] =>
  offered.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));

/** Reads the `Sec-WebSocket-Protocol` header of a handshake; `undefined` when it is not one of this protocol. */
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
  // Buffer skips what is not base64url instead of refusing it.
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
