// Names that the glossary would forbid, but that are frozen: on the wire, in stored rows, in logs, or as construct ids.

/** Each name as it is written, and why it stays. It is allowed as a whole, never as a part of another name. */
export const EXCEPTIONS = new Map([
  ["told", "attribute of stored rows of members"],
  ["not_told", "log event"],
  ["guard_said", "log event"],
  ["guard_function_said", "log event"],
  ["said", "field of log events"],
  ["flushers_revived", "log event"],
  ["hand_on_failed", "log event"],
  ["handedOn", "field of log events"],
]);

/** Paths in which the glossary's words are not checked. */
export const UNCHECKED = ["docs/glossary.md", "CHANGELOG.md", "scripts/prose/", "test/prose/", "releases/"];
