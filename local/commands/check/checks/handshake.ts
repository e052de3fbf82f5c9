import { SUBPROTOCOL } from "../../../../protocol/index.js";
import { check, failed, passed } from "../check.js";
import { Refused } from "../wire.js";

/** The response to a client that offers no known version: HTTP 400. */
const BAD_REQUEST = 400;

/** A connection opens with the protocol's name. A client without a known version is refused. */
export const handshake = check({
  name: "handshake",
  promise: "a connection opens with the protocol's version, and one without a known version is refused",
  async observe(trial) {
    const wire = await trial.open();
    const { agent } = await trial.info(wire);
    // A server that accepts this by mistake opens a socket: the trial closes it.
    const unknown = await trial.tryOpen({ protocols: ["push-it.v0"] }).then(
      () => "a connection",
      (error: unknown) => (error instanceof Refused ? `HTTP ${error.status}` : String(error)),
    );
    return { protocol: wire.socket.protocol, agent, unknown };
  },
  judge({ protocol, agent, unknown }) {
    if (protocol !== SUBPROTOCOL) return failed(`the server selected "${protocol}" instead of ${SUBPROTOCOL}`);
    if (typeof agent !== "string" || agent === "") return failed("an open connection has no agent");
    if (unknown !== `HTTP ${BAD_REQUEST}`)
      return failed(`a client that offers only push-it.v0 gets ${unknown} instead of HTTP ${BAD_REQUEST}`);
    return passed(`${SUBPROTOCOL}; an unknown version gets HTTP ${BAD_REQUEST}`);
  },
});
