import type { Json } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { admit } from "./admission.js";
import { type Agent, type Denial, endOf, EXPIRED } from "./agent.js";
import { TEXT } from "./answers.js";
import type { Clock, Guards, Store } from "./ports.js";
import { addSubscriptions, endingAt, type Subscribing } from "./subscriptions.js";

/** What renewing needs. */
export interface Renewing extends Subscribing {
  store: Subscribing["store"] & Pick<Store, "standing" | "renewAgent" | "renewSubscriptions" | "deleteRegistration">;
  guards: Pick<Guards, "connection">;
  settings: Subscribing["settings"] & Pick<Settings, "keepCredentials">;
  clock: Pick<Clock, "now">;
}

/** What came of it. */
export type Renewal =
  /** The agent as it is now. */
  | { renewed: Agent }
  /** The agent is what it was, until it expires. */
  | { refused: Denial }
  /** It may not stay: it has to be removed, told and closed. */
  | { ended: Denial };

/** What is told of a guard that would give an agent to somebody else. */
const OTHER_USER: Denial = { code: "denied", reason: "An agent cannot become another user's." };

const because = (code: Denial["code"]): Denial => ({ code, reason: TEXT[code] });

/**
 * Asks the connection guard about an agent on its open connection, and does what it decides.
 *
 * Whatever ends this half-way leaves nothing wrong. First comes what the guard subscribes the agent to, which ends when
 * the agent does as it is; then the agent itself, in one write, if it is still what the guard was asked about; then its
 * registration, which the sweep makes where it is missing; last the rows of its subscriptions. Those that are not reached end sooner than the agent: never later. Asking again reaches
 * them, because they say so themselves; if nobody does, the agent is told that it has expired, and connects again.
 * @param agent as it is stored
 */
export const renew = async (system: Renewing, agent: Agent, credentials: Json | undefined): Promise<Renewal> => {
  const { store, guards, settings, clock } = system;
  const { credentials: _replaced, ...known } = agent;
  const verdict = await guards.connection({ ...known, ...(credentials === undefined ? {} : { credentials }) }, true);
  if (!verdict.permitted) return verdict.code === "denied" ? { ended: verdict } : { refused: verdict };
  const { userId } = agent;
  if (verdict.userId !== undefined && verdict.userId !== userId) return { ended: OTHER_USER };
  // The guard may have taken its time.
  if (endOf(agent) * 1000 <= clock.now()) return { ended: EXPIRED };

  const [subscribed = "done"] = await addSubscriptions(system, agent, [verdict.subscribe]);
  if (subscribed !== "done") return { refused: because(subscribed) };
  const renewed = { ...admit(agent, verdict, settings.keepCredentials), ...(userId === undefined ? {} : { userId }) };
  if (!(await store.renewAgent(renewed, agent))) {
    const standing = await store.standing(agent.connectionId);
    return { refused: because(standing && "agent" in standing ? "unavailable" : "unknown_agent") };
  }
  if (await prolong(store, renewed)) return { renewed };
  // Whoever removed it may have done so before its registration was written.
  await store.deleteRegistration(agent.connectionId, endOf(renewed));
  return { refused: because("unknown_agent") };
};

/**
 * Makes an agent's subscriptions end when it does. Another renewal may change meanwhile when that is, and another frame
 * may subscribe it: whoever is last sees what the others did.
 * @returns whether the agent is still there
 */
const prolong = async (store: Renewing["store"], agent: Agent): Promise<boolean> => {
  for (;;) {
    const { present, outdated, expiresAt } = await store.holdings(agent.connectionId);
    if (!present || outdated.length === 0) return present;
    await store.renewSubscriptions(endingAt(agent, expiresAt), outdated);
  }
};
