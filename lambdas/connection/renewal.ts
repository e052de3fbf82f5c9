import type { Json } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { admit } from "./admission.js";
import { type Agent, type Denial, endOf, EXPIRED } from "./agent.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import type { Clock, GuardPort, Store } from "../ports.js";
import { addSubscriptions, hasRoomFor, extend, type SubscriptionDependencies } from "../subscriptions/subscriptions.js";

/** The ports that renewing uses. */
export interface RenewalDependencies extends SubscriptionDependencies {
  store: SubscriptionDependencies["store"] &
    Pick<Store, "connectionRecord" | "renewAgent" | "renewSubscriptions" | "deleteRegistration">;
  guards: Pick<GuardPort, "connection">;
  settings: SubscriptionDependencies["settings"] & Pick<Settings, "keepCredentials">;
  clock: Pick<Clock, "now">;
}

/** The result of a renewal. */
export type Renewal =
  /** The renewed agent. */
  | { renewed: Agent }
  /** The agent stays as it was, until it expires. */
  | { refused: Denial }
  /** The agent must end: the caller removes it, notifies it and closes its connection. */
  | { ended: Denial };

/** The denial if a guard returns another user's id. */
const OTHER_USER: Denial = { code: "denied", reason: "An agent cannot become another user's." };

const denialOf = (code: Denial["code"]): Denial => ({ code, reason: DEFAULT_MESSAGES[code] });

/**
 * Asks the connection guard about an agent on its open connection, and applies the verdict.
 *
 * It writes the agent itself, then its next registration, then the subscriptions of the verdict, then the agent's other
 * subscriptions. Last, it deletes the old registration. The first step is one conditional write, so that only one of
 * several renewals at once takes effect. If a crash stops the steps, some rows have another end than the agent, in most
 * cases an earlier one. The next renewal updates them. Without one, the sweep finds the registration that is due first,
 * and updates the rows or ends the agent.
 * @param agent as it is stored
 */
export const renew = async (
  system: RenewalDependencies,
  agent: Agent,
  credentials: Json | undefined,
): Promise<Renewal> => {
  const { store, guards, settings, clock } = system;
  const { connectionId, userId } = agent;
  const { credentials: _replaced, ...current } = agent;
  const verdict = await guards.connection({ ...current, ...(credentials === undefined ? {} : { credentials }) }, true);
  if (!verdict.permitted) return verdict.code === "denied" ? { ended: verdict } : { refused: verdict };
  if (verdict.userId !== undefined && verdict.userId !== userId) return { ended: OTHER_USER };
  // The guard may have taken long.
  if (endOf(agent) * 1000 <= clock.now()) return { ended: EXPIRED };
  if (!(await hasRoomFor(system, agent, verdict.subscribe))) return { refused: denialOf("too_many_subscriptions") };

  const admitted = { ...admit(agent, verdict, settings.keepCredentials), ...(userId === undefined ? {} : { userId }) };
  const renewed = await store.renewAgent(admitted, agent);
  if (!renewed) {
    const record = await store.connectionRecord(connectionId);
    return { refused: denialOf(record && "agent" in record ? "unavailable" : "unknown_agent") };
  }
  const [subscribed = "done"] = await addSubscriptions(system, renewed, [verdict.subscribe]);
  if (subscribed === "too_many_subscriptions") {
    // Other frames have taken the last places meanwhile: restore the agent, unless another renewal has changed it
    // again.
    const restored = await store.renewAgent(agent, renewed);
    if (restored) await extend(store, restored);
    return { refused: denialOf(subscribed) };
  }
  const present = subscribed === "done" && (await extend(store, renewed));
  if (endOf(renewed) !== endOf(agent)) await store.deleteRegistration(connectionId, endOf(agent));
  if (present) return { renewed };
  // The removal may have come before the new registration was written.
  await store.deleteRegistration(connectionId, endOf(renewed));
  return { refused: denialOf("unknown_agent") };
};
