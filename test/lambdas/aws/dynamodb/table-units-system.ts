import { MAX_CHANNEL_LENGTH } from "../../../../protocol/index.js";
import { agentOf } from "../../support/fakes.js";

/** An id as long as API Gateway's connection ids. */
export const CONNECTION = "L0SM9cOFvHcCIhw=";
/** The agent of that connection. */
export const agent = agentOf(CONNECTION, { credentials: { user: "Ada", roles: ["editor"] }, info: { name: "Ada" } });

/** Channel names of the maximum length. */
export const longest = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${String(at).padStart(2, "0")}/${"x".repeat(MAX_CHANNEL_LENGTH - 3)}`);
