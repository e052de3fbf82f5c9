import type { Code } from "../../protocol/index.js";
import { uuidIn } from "./frame-fields.js";
import type { GuardDecision } from "./policy.js";
import type { ExpectedAnswer, Prediction } from "./prediction.js";

/** The channel of errors that belong to no other meta channel. */
export const ERROR = "/meta/error";

/** A prediction of these answers. */
export const answers = (list: ExpectedAnswer[], more: Partial<Prediction> = {}): Prediction => ({
  outcome: { kind: "answers", answers: list, closes: false },
  subscribe: [],
  unsubscribe: [],
  publish: [],
  messages: 0,
  ...more,
});

/** The prediction for a malformed frame. */
export const bad = (of: unknown, channel = ERROR): Prediction =>
  answers([{ channels: [...new Set([ERROR, channel])], ...uuidIn(of), code: "bad_frame" }]);

/** The codes of guards' decisions; a permission has none. */
export const CODES: Partial<Record<GuardDecision, Code>> = {
  deny: "denied",
  throw: "guard_failed",
  silent: "guard_timeout",
};
