import WebSocket from "ws";
import { type Answer, type Code, CREDENTIALS_PREFIX, type Json, type Message, PROTOCOL, PROTOCOL_DENIED } from "../protocol/index.js";
import { answersFit, type Expected, isAsk } from "./fit.js";
import { leakIn } from "./leaks.js";

import { REASON } from "./policy.js";

/** What a handshake came to. */
export type Handshake = { status: number } | { status: 101; socket: WebSocket };

/** What a peer tells the episode that it belongs to. */
export interface PeerEvents {
  /** Something was received, or the socket closed. */
  progress(): void;
  violation(what: string): void;
  message(peer: Peer, message: Message): void;
  answer(code: string): void;
  /** A service failed, and the server said so: nobody knows what became of the frame. */
  disturbed(): void;
}

/** The subprotocol entry that carries credentials. */
export const entryOf = (credentials: Json): string =>
  CREDENTIALS_PREFIX + Buffer.from(JSON.stringify(credentials)).toString("base64url");

/** Both names of the protocol. */
export const PROTOCOLS = [PROTOCOL, PROTOCOL_DENIED];

/** Opens a socket, or finds out with which status that was refused. */
export const shake = (url: string, protocols: readonly string[]): Promise<Handshake> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, handshakeTimeout: 25_000 });
    socket.once("open", () => resolve({ status: 101, socket }));
    socket.once("unexpected-response", (_request, response) => {
      response.destroy();
      socket.terminate();
      resolve({ status: response.statusCode ?? 0 });
    });
    socket.on("error", reject);
  });

interface Pending {
  answers: Expected[];
  frame: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isAnswer = (value: unknown): value is Answer & Record<string, unknown> =>
  isObject(value) && typeof value["channel"] === "string" && value["channel"].startsWith("/meta/");
const isMessage = (value: unknown): value is Message & Record<string, unknown> =>
  isObject(value) && typeof value["channel"] === "string" && Object.keys(value).sort().join() === "channel,data,uuid";

/** The agent's id, where an answer tells it. */
const agentIn = ({ channel, successful, data }: Answer): string => {
  const agent = successful && ["/meta/ping", "/meta/connect"].includes(channel) && isObject(data) ? data["agent"] : "";
  return typeof agent === "string" ? agent : "";
};

/** How long after its time an agent is played with, in milliseconds: the server serves it for 60 seconds. */
const EXPIRING_MS = 30_000;

/** How much of a frame a violation quotes. */
const QUOTE = 300;

/** A frame, as a report quotes it. */
export const quote = (text: string): string => (text.length > QUOTE ? `${text.slice(0, QUOTE)}… (${text.length})` : text);

/** How a socket ends that its client has closed, without a code. */
export const OWN_CLOSE = 1005;

let keys = 0;

/** One socket under fire: matches what the server says with what it has to say. */
export class Peer {
  readonly key = (keys += 1);
  agent = "";
  /** How many messages it has asked to publish. */
  published = 0;
  closed: number | undefined;
  /** Since when the server may ask it to renew, in epoch milliseconds. */
  dueSince: number | undefined;
  /** Whether several of its renewals were on their way at once. */
  overtaken = false;
  /** Whether it renews with what is denied: nobody knows which of its frames still find an agent. */
  leaving = false;
  /** Close codes that frames on their way may lead to. */
  readonly ending = new Set<number>();
  #pending: Pending[] = [];

  constructor(
    readonly socket: WebSocket,
    readonly name: string,
    readonly denied: Code | undefined,
    private readonly tableName: string,
    private readonly events: PeerEvents,
  ) {
    socket.removeAllListeners("error");
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer, binary: boolean) => {
      if (binary) events.violation("the server sent a binary frame");
      else this.#hear(data.toString());
      events.progress();
    });
    socket.on("close", (code) => {
      this.#close(code);
      events.progress();
    });
  }

  /** Whether it was answered all that it must be. */
  get settled(): boolean {
    return this.closed !== undefined || (this.ending.size === 0 && this.#pending.length === 0);
  }

  /** Whether it may soon be over because nobody renewed it: its episode ends before. */
  get expiring(): boolean {
    return this.dueSince !== undefined && Date.now() - this.dueSince > EXPIRING_MS;
  }

  /** A frame of its own leads to its end. */
  endsItself(): void {
    this.ending.add(1000);
    this.leaving = true;
  }

  /** Frames that have not been answered, for the report. */
  get unanswered(): string[] {
    return this.#pending.map(({ frame }) => quote(frame));
  }

  /** These answers, in one frame, must come. */
  expect(answers: Expected[], frame: string): void {
    this.#pending.push({ answers, frame });
  }

  #close(code: number): void {
    this.closed = code;
    if (code !== OWN_CLOSE) this.events.answer(`close_${code}`);
    // A denied socket that stays is closed by the sweep.
    const swept = this.denied !== undefined && code === 1000;
    if (!swept && !this.ending.has(code)) this.events.violation(`the connection was closed with ${code}, undocumented here`);
    this.#pending = [];
  }

  #hear(text: string): void {
    if (text === "") return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.events.violation(`the server sent what is not JSON: ${quote(text)}`);
    }
    const all: unknown[] = Array.isArray(value) ? value : [value];
    const at = all.findIndex(isAnswer);
    // A publisher's own copies come before the answers that they ride with.
    const [messages, answers] = at < 0 ? [all, []] : [all.slice(0, at), all.slice(at)];
    if (all.length === 0 || !messages.every(isMessage) || !answers.every(isAnswer)) {
      return this.events.violation(`the server sent neither answers nor messages: ${quote(text)}`);
    }
    for (const each of messages) this.events.message(this, each);
    if (answers.length > 0) this.#answered(answers, text);
  }

  #answered(all: Answer[], text: string): void {
    const answers = this.dueSince === undefined ? all : all.filter((each) => !isAsk(each));
    for (const answer of answers) {
      this.agent ||= agentIn(answer);
      this.events.answer(answer.successful ? "ok" : String(answer.code));
      const leak = leakIn(answer, this.tableName);
      if (leak !== undefined) this.events.violation(`an answer holds ${leak}: ${quote(text)}`);
      if (answer.code === "denied" && answer.error !== REASON) {
        this.events.violation(`a denial without the guard's reason: ${quote(text)}`);
      }
    }
    const [first] = answers;
    if (!first) return this.events.violation(`an agent was asked to renew without an answer to anything: ${quote(text)}`);
    const at = this.#pending.findIndex((each) => answersFit(each.answers, answers));
    if (at >= 0) return void this.#pending.splice(at, 1);
    const failed = answers.every(({ code }) => code === "unavailable");
    if (failed) this.events.disturbed();
    const gone = this.leaving && answers.every(({ code }) => code === "unknown_agent");
    const about = failed || gone ? this.#pending.findIndex((each) => each.answers.some((expected) => expected.uuid === first.uuid)) : -1;
    if (about >= 0) this.#pending.splice(about, 1);
    else this.events.violation(`an answer that no frame calls for: ${quote(text)}`);
  }
}
