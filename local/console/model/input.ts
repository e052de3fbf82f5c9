import {
  MAX_CHANNEL_LENGTH,
  MAX_CHANNEL_SEGMENTS,
  MAX_CREDENTIALS_BYTES,
  isChannelName,
  isReserved,
  isWildcard,
  type Json,
} from "../../../protocol/index.js";
import { byteLength, bytes, count } from "./format.js";

/** The value of a field, or its error message. */
export type Input<Value> = { ok: true; value: Value } | { ok: false; problem: string };

const good = <Value>(value: Value): Input<Value> => ({ ok: true, value });
const bad = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });

/** A stage's URL. `ws:` and `wss:` only: anything else is more likely a slip than meant. */
export const readUrl = (text: string): Input<string> => {
  const trimmed = text.trim();
  if (trimmed === "") return bad("Where is the stage? Its URL begins with wss:// or, on this machine, ws://");
  if (!URL.canParse(trimmed)) return bad("This is not a URL. It begins with wss:// or, on this machine, ws://");
  const url = new URL(trimmed);
  if (url.protocol !== "ws:" && url.protocol !== "wss:")
    return bad(`The URL begins with wss:// or ws://, not ${url.protocol}//`);
  if (url.hash !== "") return bad("A WebSocket URL has no # part.");
  return good(url.href);
};

/** Credentials as the handshake carries them. */
export interface CredentialsText {
  /** `undefined` for none. */
  value: Json | undefined;
  /** As compact JSON. */
  bytes: number;
}

/** Credentials: empty, or any JSON value of at most 4,096 bytes. */
export const readCredentials = (text: string): Input<CredentialsText> => {
  if (text.trim() === "") return good({ value: undefined, bytes: 0 });
  const json = readJson(text);
  if (!json.ok) return json;
  const size = byteLength(JSON.stringify(json.value));
  return size > MAX_CREDENTIALS_BYTES
    ? bad(`Credentials are at most ${bytes(MAX_CREDENTIALS_BYTES)} of JSON; these are ${count(size)}.`)
    : good({ value: json.value, bytes: size });
};

/** The data of a publication: a JSON value, or the text itself as a JSON string. */
export const readData = (text: string, format: "json" | "text"): Input<Json> => {
  if (format === "text") return good(text);
  if (text.trim() === "") return bad('Type a JSON value, such as {"title": "Hello"}, or choose Text.');
  return readJson(text);
};

/** A channel or a wildcard to subscribe to. The server decides whether a wildcard is enabled. */
export const readSubscription = (text: string): Input<string> => {
  const name = text.trim();
  return isWildcard(name) ? readChannel(name.slice(0, -2), name) : readChannel(name);
};

/** A channel to publish on. */
export const readPublication = (text: string): Input<string> =>
  isWildcard(text.trim()) ? bad("Nothing can be published on a wildcard.") : readChannel(text.trim());

const readChannel = (name: string, value: string = name): Input<string> => {
  if (name === "") return bad("Which channel? For example stories/5.");
  if (isReserved(name)) return bad("/meta and what is below it is reserved.");
  if (value.length > MAX_CHANNEL_LENGTH)
    return bad(`A channel has at most ${MAX_CHANNEL_LENGTH} characters; this has ${value.length}.`);
  if (isChannelName(name)) return good(value);
  const segments = name.split("/").filter(Boolean).length;
  return segments > MAX_CHANNEL_SEGMENTS
    ? bad(`A channel has at most ${MAX_CHANNEL_SEGMENTS} segments; this has ${segments}.`)
    : bad("A channel is made of letters, digits and _ - . : @ = + , ~ ! in segments that / separates.");
};

const readJson = (text: string): Input<Json> => {
  try {
    return good(JSON.parse(text) as Json);
  } catch (error) {
    return bad(`This is not JSON: ${(error as Error).message}`);
  }
};
