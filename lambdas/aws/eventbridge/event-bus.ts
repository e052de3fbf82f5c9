import type { Json } from "../../../protocol/index.js";
import type { ServerEvent, ServerEvents } from "../../server-api/server-events.js";
import type { Log } from "../../ports.js";
import { endpointOf, SignedClient } from "../http/signed-request.js";

/** The source of our events, for rules. */
const SOURCE = "push-it";

/** How many times an event is sent, and how long each attempt may take, in milliseconds. Callers wait for it. */
const ATTEMPTS = 2;
const CALL_MS = 1_000;

/**
 * A bus of EventBridge, over its JSON protocol.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export class EventBus implements ServerEvents {
  readonly #bus: string;
  readonly #log: Pick<Log, "error">;
  readonly #client = new SignedClient({ service: "events", endpoint: endpointOf("events", "EVENTBRIDGE") });

  /** @param bus its name or ARN */
  constructor(bus: string, log: Pick<Log, "error">) {
    this.#bus = bus;
    this.#log = log;
  }

  async put(type: ServerEvent, detail: Record<string, Json>): Promise<void> {
    let error = "";
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        error = await this.#attempt(type, detail);
        if (error === "") return;
      } catch (failure) {
        error = String(failure);
      }
    }
    this.#log.error("event_not_put", { type, error });
  }

  /** @returns why EventBridge refused it; empty: it was accepted */
  async #attempt(type: ServerEvent, detail: Record<string, Json>): Promise<string> {
    const Entries = [{ EventBusName: this.#bus, Source: SOURCE, DetailType: type, Detail: JSON.stringify(detail) }];
    const { status, body } = await this.#client.send({
      method: "POST",
      path: "/",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.PutEvents" },
      body: JSON.stringify({ Entries }),
      timeoutMs: CALL_MS,
    });
    if (status !== 200) return `EventBridge answered ${status}`;
    const { FailedEntryCount = 0, Entries: results = [] } = JSON.parse(body) as {
      FailedEntryCount?: number;
      Entries?: { ErrorCode?: string }[];
    };
    return FailedEntryCount === 0 ? "" : (results[0]?.ErrorCode ?? "refused");
  }
}
