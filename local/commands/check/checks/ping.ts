import { DEFAULT_LIMITS, Meta } from "../../../../protocol/index.js";
import { check, failed, passed } from "../check.js";

const LIMITS = [...Object.keys(DEFAULT_LIMITS), "frameBytes"];

/** The reply to a ping has the agent and its limits. */
export const ping = check({
  name: "ping",
  promise: "ping says who the client is, and which limits and timeouts hold",
  async observe(trial) {
    const wire = await trial.open();
    const replies = [await wire.ping(), await wire.ping()];
    const connect = await wire.request({ action: "connect", channel: Meta.connect });
    return {
      replies: replies.map(({ channel, successful, code, data }) => ({ channel, successful, code, data })),
      agent: (connect.data as { agent?: string } | undefined)?.agent,
    };
  },
  judge({ replies, agent }) {
    for (const { channel, successful, code, data } of replies) {
      if (channel !== Meta.ping || !successful)
        return failed(`ping is answered on ${channel}, successful: ${successful}, ${code ?? "no code"}`);
      const said = (data ?? {}) as {
        agent?: unknown;
        limits?: Record<string, unknown>;
        timeouts?: Record<string, unknown>;
      };
      if (said.agent !== agent)
        return failed(`ping names the agent ${String(said.agent)}, and connect ${String(agent)}`);
      const missing = LIMITS.filter((name) => said.limits?.[name] === undefined);
      if (missing.length > 0) return failed(`ping does not say the limits ${missing.join(", ")}`);
      if (typeof said.timeouts?.["onConnectionRequest"] !== "number")
        return failed("ping does not say the guards' timeouts");
    }
    return passed(`agent, ${LIMITS.length} limits and the guards' timeouts`);
  },
});
