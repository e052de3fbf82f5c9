/** What went wrong, for programs; each value is explained in docs/PROTOCOL.md, "Codes". */
export type Code =
  | "denied"
  | "guard_timeout"
  | "guard_failed"
  | "bad_frame"
  | "unknown_action"
  | "bad_channel"
  | "reserved_channel"
  | "wildcard"
  | "too_many"
  | "too_large"
  | "unknown_agent"
  | "unavailable";
