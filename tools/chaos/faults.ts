import type { SystemOptions } from "../../local/dev/system/options.js";
import type { System } from "../../local/dev/system/system.js";
import type { PostFault } from "../../local/services/gateway/gateway.js";
import type { DynamoDbCall, DynamoDbFault } from "../../local/services/dynamodb/proxy/faults.js";
import type { Journal, Post } from "./journal.js";
import { UUID_PATTERN } from "./plan.js";
import { randomInteger, type Random, randomFor } from "../lib/random.js";
import type { FaultKind, Schedule } from "./schedule.js";
import type { MessageTimeline } from "./message-timeline.js";

/** Maximum delay of a post and of a client's frame, in milliseconds. */
const POST_LATE_MS = 1_500;
const FRAME_LATE_MS = 400;

/** Maximum number of further calls that fail in the same environment, because the AWS SDK retries. */
const FURTHER = 5;

const POST_FAULTS: readonly [FaultKind, PostFault][] = [
  ["post410", "gone"],
  ["post429", "limit"],
  ["post5xx", "error"],
  ["lost", "lose"],
  ["duplicated", "duplicate"],
];

/** The outcome of a post by its fault. */
const OUTCOMES: Record<PostFault, Post["was"]> = {
  gone: "denied",
  limit: "failed",
  error: "failed",
  lose: "lost",
  duplicate: "clean",
};

const CALL_FAULTS: readonly [FaultKind, DynamoDbFault][] = [
  ["dbThrottled", "throttle"],
  ["db500", "fail"],
  ["dbDone500", "failAfter"],
];

const WRITE_FAULTS: readonly [FaultKind, DynamoDbFault][] = [
  ["killedBefore", "killBefore"],
  ["killedAfter", "killAfter"],
  ["timedOut", "freeze"],
];

/** The short name of a function in schedules and timelines: `publish` for the function behind `publish`. */
export const roleOf = (functionId: string): string =>
  (/PushIt(\w+?)Function/.exec(functionId)?.[1] ?? functionId).toLowerCase();

interface Frame {
  channel?: string;
  uuid?: string;
}

/** The messages of the run in a posted frame or in a segment. */
const messagesIn = (body: string): { channel: string; uuid: string }[] => {
  const value = JSON.parse(body) as Frame | Frame[] | { publications: { message: Frame }[] };
  const frames = Array.isArray(value)
    ? value
    : "publications" in value
      ? value.publications.map(({ message }) => message)
      : [value];
  return frames.flatMap(({ channel, uuid }) =>
    channel !== undefined && uuid?.match(UUID_PATTERN)?.[0] === uuid && uuid !== undefined ? [{ channel, uuid }] : [],
  );
};

/** Injects the scheduled faults into a local system, and records posts. */
export class Faults implements NonNullable<SystemOptions["faults"]> {
  /** Connections that have ended, even if their `$disconnect` was lost. */
  readonly ended = new Set<string>();
  readonly #late: Random;
  readonly #further: Random;
  /** Faults for the next calls of an environment. */
  readonly #bursts = new Map<string, { fault: DynamoDbFault; left: number }>();
  system: Pick<System, "cut"> | undefined;

  constructor(
    seed: number,
    private readonly schedule: Schedule,
    private readonly trail: MessageTimeline,
    private readonly journal: Pick<Journal, "owner" | "posted" | "queued">,
  ) {
    this.#late = randomFor(seed, "late");
    this.#further = randomFor(seed, "further");
  }

  beforePost(connectionId: string, body: Buffer): PostFault | undefined {
    const found = POST_FAULTS.find(([kind]) => this.schedule.isDue(kind));
    const cut = !found && this.schedule.isDue("cut") && this.system?.cut(connectionId);
    const isGone = this.ended.has(connectionId);
    const text = body.toString();
    this.trail.noteAll(
      text,
      `is posted to ${this.#name(connectionId)}${isGone ? ", which is gone" : cut ? ": cut" : found ? `: ${found[0]}` : ""}`,
    );
    const was: Post["was"] = isGone || cut ? "failed" : OUTCOMES[found?.[1] ?? "duplicate"];
    for (const { channel, uuid } of messagesIn(text)) this.journal.posted(connectionId, channel, uuid, was);
    return found?.[1];
  }

  delayPost(): number | undefined {
    return this.schedule.isDue("delayed") ? randomInteger(this.#late, 1, POST_LATE_MS) : undefined;
  }

  delayFrame(connectionId: string): number | undefined {
    if (this.schedule.isDue("cut")) this.system?.cut(connectionId);
    return this.schedule.isDue("overtaken") ? randomInteger(this.#late, 1, FRAME_LATE_MS) : undefined;
  }

  dropDisconnect(connectionId: string): boolean {
    this.ended.add(connectionId);
    return this.schedule.isDue("disconnectLost");
  }

  duplicateDelivery(): boolean {
    return this.schedule.isDue("redelivered");
  }

  /** Delays nothing. Records the queued segments. */
  delayDelivery(_queue: string, messageId: string, body: string): undefined {
    this.journal.queued(messageId, messagesIn(body));
  }

  retire(): boolean {
    return this.schedule.isDue("coldStart");
  }

  onCall(call: DynamoDbCall): DynamoDbFault | undefined {
    const fault = this.#fault(call);
    const request = JSON.stringify(call.asked);
    this.trail.noteAll(
      request,
      `${roleOf(call.functionId)} ${call.operation}s it${fault ? `: ${fault}` : ""}: ${request.slice(0, 150)}`,
    );
    return fault;
  }

  #fault({ functionId, accessKeyId, operation }: DynamoDbCall): DynamoDbFault | undefined {
    const role = roleOf(functionId);
    const burst = this.#bursts.get(accessKeyId);
    if (burst && burst.left > 0) {
      burst.left -= 1;
      return burst.fault;
    }
    if (/^(Put|Update|Delete|BatchWrite|TransactWrite)/.test(operation)) {
      const found = WRITE_FAULTS.find(([kind]) => this.schedule.isDue(kind, role));
      if (found) return found[1];
    }
    const found = CALL_FAULTS.find(([kind]) => this.schedule.isDue(kind))?.[1];
    if (found) this.#bursts.set(accessKeyId, { fault: found, left: randomInteger(this.#further, 0, FURTHER) });
    return found;
  }

  #name(connectionId: string): string {
    const name = this.journal.owner(connectionId);
    return name === undefined ? connectionId : `${name} (${connectionId})`;
  }
}
