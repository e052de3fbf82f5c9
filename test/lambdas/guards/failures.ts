/** A way in which a guard can fail, and the code that its client reads. */
export interface Failure {
  /** Statements for a guard's body; `agent` is its agent. */
  body: string;
  code: "guard_timeout" | "guard_failed";
  /** Part of what the log says. */
  detail?: RegExp;
}

const WAIT = "await new Promise((resolve) => setTimeout(resolve, 20));";
const EXHAUST = "const all = []; for (;;) all.push(new Array(10_000).fill(Math.random()));";

/** Ways to fail that concern a single guard call. */
export const FAILURES: Record<string, Failure> = {
  "never answers": { body: "", code: "guard_timeout" },
  "waits for ever": { body: "await new Promise(() => {});", code: "guard_timeout" },
  "returns true instead of a verdict": { body: "return true;", code: "guard_timeout" },
  throws: { body: 'throw new Error("secret detail");', code: "guard_failed", detail: /^Error\n {4}at .*guards/ },
  "throws what is no error": { body: "throw null;", code: "guard_failed", detail: /null/ },
  rejects: {
    body: `${WAIT} throw new Error("secret detail");`,
    code: "guard_failed",
    detail: /^Error\n {4}at .*guards/,
  },
  "rejects where nobody waits": {
    body: 'void Promise.reject(new Error("secret detail")); await new Promise(() => {});',
    code: "guard_failed",
    detail: /^Error\n {4}at .*guards/,
  },
  "throws in a timer": {
    body: 'setTimeout(() => { throw new Error("secret detail"); }, 20); await new Promise(() => {});',
    code: "guard_failed",
    detail: /^Error\n {4}at .*guards/,
  },
  "exits the process": { body: "process.exit(0);", code: "guard_failed" },
  "exits the process later": { body: `${WAIT} process.exit(1);`, code: "guard_failed" },
  "loops for ever": { body: "for (;;);", code: "guard_timeout" },
  "loops for ever in a continuation": { body: `${WAIT} for (;;);`, code: "guard_timeout" },
  "loops for ever in microtasks": { body: "for (;;) await null;", code: "guard_timeout" },
  "exhausts its memory": { body: EXHAUST, code: "guard_failed", detail: /memory/i },
  "exhausts its memory in a continuation": { body: `${WAIT} ${EXHAUST}`, code: "guard_failed", detail: /memory/i },
};
