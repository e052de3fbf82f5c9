import type { Mutation } from "./mutation.js";
import { PRESENCE_MUTATIONS } from "./presence-mutations.js";

const SUBSCRIPTIONS = "subscriptions/subscriptions.ts";
const QUEUE = "requests/request-queue.ts";
const RECOVERY = "history/recovery.ts";
const CONNECTION = "connection/connection.ts";

/** The faults that the model must find. */
export const MUTATIONS: readonly Mutation[] = [
  {
    fault: "1: unsubscribe() and subscribe() in one turn forget the position, and hold back all that comes",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "const hasLeft = subscription.holders.delete(holder);",
        replace:
          'const hasLeft = subscription.holders.delete(holder);\n    if (!subscription.holders.size) this.#client.notify("onUnsubscribed", channel);',
      },
      {
        file: RECOVERY,
        search: "if (this.position(channel) || since === undefined) return;",
        replace:
          "if (this.position(channel)) return;\n    this.#recoveryOf(channel).isSubscribing = true;\n    if (since === undefined) return;",
      },
    ],
  },
  {
    fault: "1, after a reconnection: unsubscribe() and subscribe() in one turn forget the position",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "const hasLeft = subscription.holders.delete(holder);",
        replace:
          'const hasLeft = subscription.holders.delete(holder);\n    if (!subscription.holders.size) this.#client.notify("onUnsubscribed", channel);',
      },
    ],
  },
  {
    fault: "2: lowered limits are not obeyed, and too_many gives a channel up",
    edits: [
      {
        file: QUEUE,
        search: 'else if (code !== "too_many" || !this.#split(request)) this.fail',
        replace: "else this.fail",
      },
      { file: CONNECTION, search: "if (limits) this.#queue.limits = limits;", replace: "" },
    ],
  },
  {
    fault: "3: a subscription counts for the connection in use, whichever was asked",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "const { subscriptions } = outcome.transport!;",
        replace: "const { subscriptions } = this.#connection.transport ?? outcome.transport!;",
      },
    ],
  },
  {
    fault: "4: after a denial, what a wildcard brings is held back",
    edits: [
      {
        file: RECOVERY,
        search: "onUnsubscribed(channel: string): void {\n    this.#forget(channel);",
        replace: "onUnsubscribed(channel: string): void {",
      },
    ],
  },
  {
    fault: "5: what a wildcard brings before the first position is dropped",
    edits: [
      {
        file: "history/channel-recovery.ts",
        search: "for (const message of [...passed, ...given].sort(byOffset)) this.#deliver(message);",
        replace: "for (const message of given) this.#deliver(message);",
      },
    ],
  },
  {
    fault: "6: the old connection is closed as soon as everything has moved",
    edits: [
      {
        file: "connection/rotation.ts",
        search: "timers.after(this.#drainTime, () => this.#close(old));",
        replace: "this.#close(old);",
      },
    ],
  },
  {
    fault: "7: after an unsubscription that may have happened, the channel counts as subscribed",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "if (transport && transport === current) current.subscriptions.set(channel, false);",
        replace: "if (wants && transport && transport === current) current.subscriptions.set(channel, false);",
      },
    ],
  },
  {
    fault: "15: the answer about a name that the server cut is not recognised",
    edits: [
      {
        file: QUEUE,
        search: "named === request.channel.slice(0, MAX_NAME_LENGTH)",
        replace: "named === request.channel",
      },
      {
        file: SUBSCRIPTIONS,
        search: 'if (typeof channel !== "string" || channel.length > MAX_NAME_LENGTH)',
        replace: 'if (typeof channel !== "string")',
      },
    ],
  },
  {
    fault: "16: one answer ends two messages of one uuid",
    edits: [
      {
        file: "requests/frames.ts",
        search: "!taken.has(orderingKey) && !taken.has(uuid)",
        replace: "!taken.has(orderingKey)",
      },
    ],
  },
  {
    fault: "17: a stored position that is not one is sent",
    edits: [{ file: RECOVERY, search: "if (!isPosition(since)) {", replace: "if (!since) {" }],
  },
  {
    fault: "18: a publication that is sent again fails after one timeout",
    edits: [
      {
        file: QUEUE,
        search: "Math.min(isResent ? Infinity : timeout, retryUntil - timers.now())",
        replace: "Math.min(isResent ? timeout : timeout, retryUntil - timers.now())",
      },
      {
        file: "history/publish-retry.ts",
        search: "firstSentAt === undefined || !isSafe",
        replace: 'firstSentAt === undefined || request.state !== "inFlight" || !isSafe',
      },
    ],
  },
  {
    fault: "20: the client is told what it published with echo: false",
    edits: [
      { file: "client.ts", search: "if (!echo) this.#deduplicator.suppress(channel, uuid);", replace: "void echo;" },
    ],
  },
  {
    fault: "30: an object that mounts while the channel is subscribed does not receive the newest messages",
    edits: [
      {
        file: "history/last-messages.ts",
        search: "if (reader?.buffer) this.#request(reader);",
        replace: "if (reader?.buffer) this.#finish(reader, []);",
      },
    ],
  },
  {
    fault: "31: a history reply that is too old is delivered after newer messages",
    edits: [
      {
        file: "history/last-messages.ts",
        search: "reader.buffer = reader.request = undefined;",
        replace: "reader.buffer = undefined;",
      },
    ],
  },
  {
    fault: "32: a token function is asked once, and its token is sent again",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "subscription.tokens.set(holder, token);",
        replace:
          "let made: ReturnType<TokenFunction> | undefined;\n      subscription.tokens.set(holder, () => (made ??= token()));",
      },
    ],
  },
  {
    fault: "33: a token that was asked for on a former connection is sent on the next",
    edits: [
      {
        file: QUEUE,
        search: "tokenTransport === transport ||",
        replace: "tokenTransport !== undefined ||",
      },
      {
        file: QUEUE,
        search: "if (this.transport === transport) request.token = token;",
        replace: "request.token = token;",
      },
    ],
  },
  {
    fault: "34: a subscription after a reconnection has no token",
    edits: [
      {
        file: SUBSCRIPTIONS,
        search: "onDisconnected(): void {",
        replace: "onDisconnected(): void {\n    for (const { tokens } of this.#subscriptions.values()) tokens.clear();",
      },
    ],
  },
  ...PRESENCE_MUTATIONS,
  {
    fault: "22: the largest offsets are kept of each channel that was ever seen",
    edits: [
      {
        file: "messages/deduplicator.ts",
        search: "#offsets = new BoundedMap<string, number>(MAX_REMEMBERED)",
        replace: "#offsets = new BoundedMap<string, number>(Infinity)",
      },
    ],
    isGrowth: true,
  },
];
