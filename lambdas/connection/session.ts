import { createHash } from "node:crypto";
import type { Agent } from "./agent.js";

/** What a client offers as its session's secret, without the prefix. */
export const SESSION = /^[\w-]{22}$/;

/** The publisher that the back end is: no agent's id and no session's hash is as short. */
export const SERVER_PUBLISHER = "back-end";

/** 128 bits of a text's SHA-256: 22 of `0-9A-Za-z-_`. */
export const digest = (text: string): string =>
  createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");

/** Whose uuids an agent's are: those of its session, which outlives its connection, or its own. */
export const publisherOf = ({ session, uuid }: Pick<Agent, "session" | "uuid">): string => session ?? uuid;
