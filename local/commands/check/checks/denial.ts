import { MAX_CREDENTIALS_BYTES, type Json, Meta, type Reply, SUBPROTOCOL_DENIED } from "../../../../protocol/index.js";
import { check, failed, passed } from "../check.js";
import { NotTried } from "../not-tried.js";
import type { Trial } from "../trial.js";
import { Refused } from "../wire.js";

/** One byte more than any deployment takes. They fit the headers that API Gateway takes. */
const TOO_LARGE: Json = "x".repeat(MAX_CREDENTIALS_BYTES - 1);

/** The observations of a denied client. */
interface Denied {
  reply: Pick<Reply, "channel" | "successful" | "code" | "error">;
  /** The close code. */
  closed: number;
}

const deniedWith = async (trial: Trial, credentials: Json | undefined): Promise<Denied | "refused" | "accepted"> => {
  try {
    const wire = await trial.tryOpen({ credentials });
    if (wire.socket.protocol !== SUBPROTOCOL_DENIED) return "accepted";
    const { channel, successful, code, error } = await wire.request({ action: "connect", channel: Meta.connect });
    const { code: closed } = await wire.ended();
    return { reply: { channel, successful, ...(code && { code }), ...(error !== undefined && { error }) }, closed };
  } catch (error) {
    if (error instanceof Refused) return "refused";
    throw error;
  }
};

const NORMAL = 1000;

const wrong = ({ reply, closed }: Denied, codes: readonly string[]): string | undefined => {
  if (reply.channel !== Meta.connect || reply.successful)
    return `a denied client receives ${reply.channel}, successful: ${reply.successful}`;
  if (!codes.includes(reply.code ?? ""))
    return `a denied client receives the code ${reply.code ?? "(none)"} instead of ${codes.join(" or ")}`;
  if (reply.error === undefined || reply.error === "") return "a denied client receives no reason";
  return closed === NORMAL ? undefined : `the server closes a denied connection with ${closed} instead of ${NORMAL}`;
};

/**
 * A denied client receives the reason. Every deployment denies credentials that are too large, without calling a guard.
 */
export const denial = check({
  name: "denial",
  promise: "a denied client receives a code and a reason, and is closed",
  async observe(trial) {
    const tooLarge = await deniedWith(trial, TOO_LARGE);
    if (tooLarge === "refused")
      throw new NotTried("this deployment refuses handshakes without a reason (denials: Denials.REFUSE)");
    // Clients without credentials: most guards deny them.
    const stranger = trial.settings.credentials === undefined ? "accepted" : await deniedWith(trial, undefined);
    return { tooLarge, stranger };
  },
  judge({ tooLarge, stranger }) {
    if (tooLarge === "accepted") return failed(`credentials of more than ${MAX_CREDENTIALS_BYTES} bytes are accepted`);
    const why = wrong(tooLarge, ["credentials_too_large"]);
    if (why !== undefined) return failed(why);
    if (typeof stranger === "string") return passed(`credentials_too_large: "${tooLarge.reply.error}"`);
    const whyNot = wrong(stranger, ["denied", "guard_timeout", "guard_failed"]);
    if (whyNot !== undefined) return failed(whyNot);
    return passed(`without credentials, ${stranger.reply.code}: "${stranger.reply.error}"`);
  },
});
