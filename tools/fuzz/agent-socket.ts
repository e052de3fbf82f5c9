import { isJsonObject } from "../lib/json.js";
import WebSocket from "ws";
import {
  type Reply,
  type Code,
  CREDENTIALS_PREFIX,
  type Json,
  type Message,
  SUBPROTOCOL,
  SUBPROTOCOL_DENIED,
  type WithheldMessage,
} from "../../protocol/index.js";
import { isRenewalRequest, matchAnswers } from "./answer-matching.js";
import type { ContentCheck, ExpectedAnswer } from "./prediction.js";
import { leakIn } from "./leaks.js";
import type { Prediction } from "./prediction.js";
import { REASON, UNPUBLISHED_REASON } from "./policy.js";

/** The result of a handshake. */
export type Handshake = { status: number } | { status: 101; socket: WebSocket };

/** The events of a socket for its episode. */
export interface SocketEvents {
  /** A frame arrived, or the socket closed. */
  progress(): void;
  /** @param excusable whether a timeout of the server would explain it */
  violation(what: string, excusable?: boolean): void;
  message(peer: AgentSocket, message: Message): void;
  /** It received the notice of a withheld message. */
  skip(peer: AgentSocket, skip: WithheldMessage): void;
  /** Returns the error in an answer's content. */
  check(peer: AgentSocket, content: ContentCheck, answer: Reply): string | undefined;
  /** Records an answer's content, if the request is known. */
  record(peer: AgentSocket, content: ContentCheck, answer: Reply): void;
  answer(code: string): void;
  /** The server answered `unavailable`, so the effect of the frame is unknown. */
  disturbed(): void;
}

/** The subprotocol entry with credentials. */
export const credentialsEntry = (credentials: Json): string =>
  CREDENTIALS_PREFIX + Buffer.from(JSON.stringify(credentials)).toString("base64url");

/** Both subprotocols. */
export const PROTOCOLS = [SUBPROTOCOL, SUBPROTOCOL_DENIED];

/** Opens a socket. Returns the HTTP status if the server refuses. */
export const openHandshake = (url: string, protocols: readonly string[]): Promise<Handshake> =>
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
  answers: ExpectedAnswer[];
  frame: string;
  /** Whether there may be no answer. */
  optional: boolean;
}

const isAnswer = (value: unknown): value is Reply & Record<string, unknown> =>
  isJsonObject(value) &&
  typeof value["channel"] === "string" &&
  value["channel"].startsWith("/meta/") &&
  "successful" in value;
/** The fields of an object with a channel, in the order of their names. */
const fieldsOf = (value: unknown): string =>
  isJsonObject(value) && typeof value["channel"] === "string" ? Object.keys(value).sort().join() : "";
/** The fields of messages. The delivery model checks whether a message has a publisher and a position. */
const MESSAGE_FIELDS = [
  "at,channel,data,uuid",
  "at,channel,data,from,uuid",
  "at,channel,data,epoch,offset,uuid",
  "at,channel,data,epoch,from,offset,uuid",
];
const isMessage = (value: unknown): value is Message & Record<string, unknown> =>
  MESSAGE_FIELDS.includes(fieldsOf(value)) ||
  // The server's own notices, of presence and of deletions, have no time of acceptance.
  (fieldsOf(value) === "channel,data,uuid" && String((value as Partial<Message>).channel).startsWith("/meta/"));
const isSkip = (value: unknown): value is WithheldMessage & Record<string, unknown> =>
  fieldsOf(value) === "channel,epoch,offset";

/** Whether API Gateway says that a function has failed. If it was too slow, the log has a timeout. */
const isInternalError = (value: unknown): boolean =>
  isJsonObject(value) &&
  Object.keys(value).sort().join() === "connectionId,message,requestId" &&
  value["message"] === "Internal server error";

/** The agent's id in an answer, if there is one. */
const agentIn = ({ channel, successful, data }: Reply): string => {
  const agent =
    successful && ["/meta/ping", "/meta/connect"].includes(channel) && isJsonObject(data) ? data["agent"] : "";
  return typeof agent === "string" ? agent : "";
};

/** How long an episode uses an agent after its expiry, in milliseconds. The server serves it for 60 seconds. */
const EXPIRY_GRACE_MS = 30_000;

/** Maximum quoted length of a frame. */
const MAX_QUOTE = 300;

/** Shortens a frame for a report. */
export const quote = (text: string): string =>
  text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}… (${text.length})` : text;

/** The close code after a close by the client without a code. */
export const OWN_CLOSE = 1005;

let keys = 0;

/** One socket: matches received answers with expected ones. */
export class AgentSocket {
  readonly key = (keys += 1);
  agent = "";
  /** Number of messages it has published. */
  published = 0;
  /** Number of queries of each kind with its own rate limit. */
  readonly asked = { history: 0, presence: 0, pong: 0, state: 0 };
  closed: number | undefined;
  /** Since when the server may ask for a renewal, in epoch milliseconds. */
  dueSince: number | undefined;
  /** Whether several renewals were in flight at once. */
  overtaken = false;
  /** Whether a renewal is denied: later frames may or may not find an agent. */
  leaving = false;
  /** Close codes that frames in flight may cause. */
  readonly closeCodes = new Set<number>();
  #pending: Pending[] = [];
  /** For each received frame of answers: the indexes in `#pending` that it may answer. */
  #candidates: number[][] = [];

  constructor(
    readonly socket: WebSocket,
    readonly name: string,
    readonly denied: Code | undefined,
    private readonly tableName: string,
    private readonly events: SocketEvents,
  ) {
    socket.removeAllListeners("error");
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer, binary: boolean) => {
      if (binary) events.violation("the server sent a binary frame");
      else this.#onFrame(data.toString());
      events.progress();
    });
    socket.on("close", (code) => {
      this.#close(code);
      events.progress();
    });
  }

  /** Counts the requests of a frame that is sent `times` times. */
  countRequests({ messages, asking }: Prediction, times: number): void {
    this.published += times * messages;
    if (asking) this.asked[asking] += times;
  }

  /** Whether all answers have arrived. */
  get settled(): boolean {
    return this.closed !== undefined || (this.closeCodes.size === 0 && this.#requiredUnanswered().length === 0);
  }

  /** Whether it may soon expire. Its episode ends before. */
  get expiring(): boolean {
    return this.dueSince !== undefined && Date.now() - this.dueSince > EXPIRY_GRACE_MS;
  }

  /** One of its frames closes the connection. */
  endsItself(): void {
    this.closeCodes.add(1000);
    this.leaving = true;
  }

  /** Unanswered frames for the report. */
  get unanswered(): string[] {
    return this.#requiredUnanswered().map(({ frame }) => quote(frame));
  }

  /** Frames that must still be answered. Frames that need not be answered take no answer from them. */
  #requiredUnanswered(): Pending[] {
    const required = (at: number): boolean => this.#pending[at]?.optional === false;
    const sorted = this.#candidates.map((fitting) => [
      ...fitting.filter(required),
      ...fitting.filter((at) => !required(at)),
    ]);
    const answered = new Set(matching(sorted)?.values());
    return this.#pending.filter((each, at) => !each.optional && !answered.has(at));
  }

  /** Expects these answers in one frame. */
  expect(answers: ExpectedAnswer[], frame: string, optional = false): void {
    // An answer that need not come may still be on its way.
    if (this.#pending.length === this.#candidates.length) {
      this.#pending = [];
      this.#candidates = [];
    }
    this.#pending.push({ answers, frame, optional });
  }

  #close(code: number): void {
    this.closed = code;
    if (code !== OWN_CLOSE) this.events.answer(`close_${code}`);
    // The sweep closes denied sockets.
    const swept = this.denied !== undefined && code === 1000;
    if (!swept && !this.closeCodes.has(code))
      this.events.violation(`the connection was closed with ${code}, undocumented here`);
    this.#pending = [];
    this.#candidates = [];
  }

  #onFrame(text: string): void {
    if (text === "") return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.events.violation(`the server sent a frame that is not JSON: ${quote(text)}`);
    }
    const all: unknown[] = Array.isArray(value) ? value : [value];
    const at = all.findIndex(isAnswer);
    // The publisher's own copies precede the answers in the same frame.
    const [messages, answers] = at < 0 ? [all, []] : [all.slice(0, at), all.slice(at)];
    if (all.length === 0 || !messages.every((each) => isMessage(each) || isSkip(each)) || !answers.every(isAnswer)) {
      const what = `the server sent neither answers nor messages: ${quote(text)}`;
      return this.events.violation(what, isInternalError(value));
    }
    for (const each of messages) {
      if (isMessage(each)) this.events.message(this, each);
      else if (isSkip(each)) this.events.skip(this, each);
    }
    if (answers.length > 0) this.#answered(answers, text);
  }

  #answered(all: Reply[], text: string): void {
    const answers = this.dueSince === undefined ? all : all.filter((each) => !isRenewalRequest(each));
    for (const answer of answers) {
      this.agent ||= agentIn(answer);
      this.events.answer(answer.successful ? "ok" : String(answer.code));
      const leak = leakIn(answer, this.tableName);
      if (leak !== undefined) this.events.violation(`an answer holds ${leak}: ${quote(text)}`);
      const isUnpublished = answer.channel === "/meta/presence" && answer.error === UNPUBLISHED_REASON;
      if (answer.code === "denied" && answer.error !== REASON && !isUnpublished) {
        this.events.violation(`a denial without the guard's reason: ${quote(text)}`);
      }
    }
    const [first] = answers;
    if (!first)
      return this.events.violation(`an agent was asked to renew without an answer to anything: ${quote(text)}`);
    let fault: string | undefined;
    const check = (countRequests: ContentCheck, answer: Reply): string | undefined => {
      const found = this.events.check(this, countRequests, answer);
      fault ??= found;
      return found;
    };
    const pairs = this.#pending.map((each) => matchAnswers(each.answers, answers, check));
    let fitting = pairs.flatMap((each, at) => (each ? [at] : []));
    if (fitting.length === 0) {
      const failed = answers.every(({ code }) => code === "unavailable");
      if (failed) this.events.disturbed();
      const gone = this.leaving && answers.every(({ code }) => code === "unknown_agent");
      fitting =
        failed || gone
          ? this.#pending.flatMap((each, at) => (each.answers.some(({ uuid }) => uuid === first.uuid) ? [at] : []))
          : [];
    }
    if (!matching([...this.#candidates, fitting])) {
      return this.events.violation(
        `an answer that no frame calls for${fault === undefined ? "" : ` (${fault})`}: ${quote(text)}`,
      );
    }
    this.#candidates.push(fitting);
    // If several different frames match, the answered one is unknown.
    const [one] = fitting;
    const sure = new Set(fitting.map((at) => JSON.stringify(this.#pending[at]!.answers))).size === 1;
    for (const [{ content, code }, answer] of (one !== undefined && sure && pairs[one]) || []) {
      if (content && code === undefined && answer.successful) this.events.record(this, content, answer);
    }
  }
}

/** Assigns each answer to a different frame; `undefined` if that is impossible. */
const matching = (candidates: readonly (readonly number[])[]): Map<number, number> | undefined => {
  const taken = new Map<number, number>();
  const place = (answer: number, tried: Set<number>): boolean =>
    (candidates[answer] ?? []).some((frame) => {
      if (tried.has(frame)) return false;
      tried.add(frame);
      const other = taken.get(frame);
      if (other !== undefined && !place(other, tried)) return false;
      taken.set(frame, answer);
      return true;
    });
  if (!candidates.every((_, answer) => place(answer, new Set()))) return undefined;
  return new Map([...taken].map(([frame, answer]) => [answer, frame]));
};
