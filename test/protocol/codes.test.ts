import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Code } from "../../protocol/index.js";

/** Every code; the compiler knows when one is missing or new. */
const CODES: Record<Code, true> = {
  denied: true,
  guard_timeout: true,
  guard_failed: true,
  bad_frame: true,
  bad_origin: true,
  credentials_too_large: true,
  unknown_action: true,
  bad_channel: true,
  reserved_channel: true,
  wildcard: true,
  too_many: true,
  too_many_subscriptions: true,
  too_many_agents: true,
  too_large: true,
  rate_limited: true,
  expired: true,
  revoked: true,
  unknown_agent: true,
  no_history: true,
  no_presence: true,
  position_expired: true,
  epoch_changed: true,
  too_far_behind: true,
  uuid_reused: true,
  channel_busy: true,
  unavailable: true,
};

test("docs/PROTOCOL.md explains exactly the codes that the server has", () => {
  const page = readFileSync(join(__dirname, "../../docs/PROTOCOL.md"), "utf8");
  const table = page.slice(page.indexOf("## Codes"), page.indexOf("The SDK adds codes"));
  const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  expect(explained.sort()).toEqual(Object.keys(CODES).sort());
});
