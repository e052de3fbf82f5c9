import type { Json } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { admit } from "./admission.js";
import { type Agent, type Denial, endOf, EXPIRED } from "./agent.js";
import { DEFAULT_MESSAGES } from "../requests/replies.js";
import type { Clock, GuardPort, Store } from "../ports.js";
import { addSubscriptions, fits, extend, type SubscriptionDependencies } from "../subscriptions/subscriptions.js";

/** What renewing needs. */
export interface RenewalDependencies extends SubscriptionDependencies {
  store: SubscriptionDependencies["store"] &
    Pick<Store, "connectionRecord" | "renewAgent" | "renewSubscriptions" | "deleteRegistration">;
  guards: Pick<GuardPort, "connection">;
  settings: SubscriptionDependencies["settings"] & Pick<Settings, "keepCredentials">;
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

const because = (code: Denial["code"]): Denial => ({ code, reason: DEFAULT_MESSAGES[code] });

/**
 * Asks the connection guard about an agent on its open connection, and does what it decides.
 *
 * First comes the agent itself, in one write, if it is still what the guard was asked about: of several renewals at once,
 * one does anything. With it comes its next registration; then what the guard subscribes the agent to, then the rows of
 * its other subscriptions, and last its old registration goes. Whatever ends this half-way leaves rows that say another
 * end than the agent: sooner, as a rule. Asking again reaches them; if nobody does, the sweep finds a registration at
 * whichever end comes first, and makes the rows right or ends the agent.
 * @param agent as it is stored
 */
export const renew = async (
  system: RenewalDependencies,
  agent: Agent,
  credentials: Json | undefined,
): Promise<Renewal> => {
  const { store, guards, settings, clock } = system;
  const { connectionId, userId } = agent;
  const { credentials: _replaced, ...known } = agent;
  const verdict = await guards.connection({ ...known, ...(credentials === undefined ? {} : { credentials }) }, true);
  if (!verdict.permitted) return verdict.code === "denied" ? { ended: verdict } : { refused: verdict };
  if (verdict.userId !== undefined && verdict.userId !== userId) return { ended: OTHER_USER };
  // The guard may have taken its time.
  if (endOf(agent) * 1000 <= clock.now()) return { ended: EXPIRED };
  if (!(await fits(system, agent, verdict.subscribe))) return { refused: because("too_many_subscriptions") };

  const admitted = { ...admit(agent, verdict, settings.keepCredentials), ...(userId === undefined ? {} : { userId }) };
  const renewed = await store.renewAgent(admitted, agent);
  if (!renewed) {
    const standing = await store.connectionRecord(connectionId);
    return { refused: because(standing && "agent" in standing ? "unavailable" : "unknown_agent") };
  }
  const [subscribed = "done"] = await addSubscriptions(system, renewed, [verdict.subscribe]);
  if (subscribed === "too_many_subscriptions") {
    // Other frames have filled the last places meanwhile: it becomes what it was, if nobody has made more of it.
    const restored = await store.renewAgent(agent, renewed);
    if (restored) await extend(store, restored);
    return { refused: because(subscribed) };
  }
  const present = subscribed === "done" && (await extend(store, renewed));
  if (endOf(renewed) !== endOf(agent)) await store.deleteRegistration(connectionId, endOf(agent));
  if (present) return { renewed };
  // Whoever removed it may have done so before its registration was written.
  await store.deleteRegistration(connectionId, endOf(renewed));
  return { refused: because("unknown_agent") };
};
