/** A way in which a guard can fail, and the code that its client reads. */
export interface Failure {
  /** Statements for a guard's body; `agent` is its agent. */
  body: string;
  code: "guard_timeout" | "guard_failed";
  /** Part of the logged detail. */
  detail?: RegExp;
}

const WAIT = "await new Promise((resolve) => setTimeout(resolve, 20));";
const EXHAUST = "const all = []; for (;;) all.push(new Array(10_000).fill(Math.random()));";

/** Ways to fail that concern a single guard call. */
export const FAILURES: Record<string, Failure> = {
  "never decides": { body: "", code: "guard_timeout" },
  "waits forever": { body: "await new Promise(() => {});", code: "guard_timeout" },
  "returns true instead of a verdict": { body: "return true;", code: "guard_timeout" },
  throws: { body: 'throw new Error("secret detail");', code: "guard_failed", detail: /^Error\n {4}at .*guards/ },
  "throws null": { body: "throw null;", code: "guard_failed", detail: /null/ },
  rejects: {
    body: `${WAIT} throw new Error("secret detail");`,
    code: "guard_failed",
    detail: /^Error\n {4}at .*guards/,
  },
  "rejects a promise that is not awaited": {
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
  "loops forever": { body: "for (;;);", code: "guard_timeout" },
  "loops forever in a continuation": { body: `${WAIT} for (;;);`, code: "guard_timeout" },
  "loops forever in microtasks": { body: "for (;;) await null;", code: "guard_timeout" },
  "exhausts its memory": { body: EXHAUST, code: "guard_failed", detail: /memory/i },
  "exhausts its memory in a continuation": { body: `${WAIT} ${EXHAUST}`, code: "guard_failed", detail: /memory/i },
};
