import { createHash } from "node:crypto";
import type { Agent } from "./agent.js";

/** The secret of a session, without the prefix. */
export const SESSION = /^[\w-]{22}$/;

/** The publisher id of the server API. Agent ids and hashes of sessions are longer. */
export const SERVER_PUBLISHER = "back-end";

/** 128 bits of a text's SHA-256: 22 of `0-9A-Za-z-_`. */
export const digest = (text: string): string =>
  createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");

/** The owner of an agent's uuids: its session, which outlives its connection, or the agent itself. */
export const publisherOf = ({ session, uuid }: Pick<Agent, "session" | "uuid">): string => session ?? uuid;
