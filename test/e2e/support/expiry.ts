import { RENEWAL_GRACE_SECONDS } from "../../../protocol/index.js";
import { deleteRow, putRow } from "./rows.js";
import type { TestSystem } from "./system.js";

/**
 * Credentials decide the agent's user, its lifetime, and the guard's behaviour. `connected` is the connection as the
 * guard saw it.
 */
export const GUARDS_THAT_VOUCH = `
  export default {
    async onConnectionRequest(agent) {
      const { user, forMs, verdict, subscribe, waitMs = 0 } = agent.credentials ?? {};
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (verdict === "never") return;
      if (verdict === "throw") throw new Error("secret detail");
      if (verdict === "deny") return agent.connectionDenied("Suspended.");
      if (subscribe) agent.subscribe(subscribe);
      agent.credentials = { user, renewed: agent.isConnected };
      agent.connected({ info: user, userId: user, expiresAt: forMs === undefined ? undefined : Date.now() + forMs });
    },
    onPublicationRequest(channel, agent, message) {
      channel.publish(message);
      agent.publicationSuccess(message, agent.credentials);
    },
    onDisconnect(agent) { console.warn({ event: "told", who: agent.uuid }); },
  };
`;

/** Since when an agent was to be renewed that is over for good, in milliseconds. */
export const OVER = (RENEWAL_GRACE_SECONDS + 2) * 1000;

const DAY = 24 * 60 * 60;

/**
 * Lets time pass for one agent: its rows say that its renewal was due `ago` milliseconds ago. The clocks of the Lambdas
 * stay, so a Lambda must not have read the agent within these seconds.
 */
export const expire = async (system: TestSystem, connectionId: string, ago: number): Promise<void> => {
  const expiresAt = Date.now() - ago;
  const end = Math.ceil(expiresAt / 1000) + RENEWAL_GRACE_SECONDS;
  const rows = (await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId));
  for (const row of rows) {
    const { pk = "", sk = "", ttl = "" } = row;
    if (sk === "agent") await putRow(system.running, { ...row, x: String(expiresAt), ttl: String(end + DAY) });
    else if (pk.startsWith("r#")) {
      await deleteRow(system.running, row);
      await putRow(system.running, { ...row, sk: `${end}#${connectionId}`, e: row["e"] ?? String(Number(ttl) - DAY) });
    } else await putRow(system.running, { ...row, e: row["e"] ?? ttl, ttl: String(end) });
  }
};
