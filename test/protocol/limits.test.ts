import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as limits from "../../protocol/limits.js";
import { AGENT_CACHE_SECONDS } from "../../lambdas/connection/agent-cache.js";

const page = readFileSync(join(__dirname, "../../docs/PROTOCOL.md"), "utf8");

/** The number that the page's table of sizes gives for `what`. */
const size = (what: string): number => {
  const row = page.split("\n").find((line) => line.startsWith(`| ${what}`));
  return Number(/[\d,]+/.exec(row?.split("|")[2] ?? "")?.[0].replace(",", ""));
};

describe("docs/PROTOCOL.md", () => {
  test.each([
    ["frame, either direction", limits.MAX_FRAME_BYTES],
    ["nesting", limits.MAX_JSON_DEPTH],
    ["credentials, as JSON", limits.MAX_CREDENTIALS_BYTES],
    ["credentials kept", limits.MAX_CREDENTIALS_BYTES],
    ["`info`", limits.MAX_INFO_BYTES],
    ["`result`", limits.MAX_RESULT_BYTES],
    ["reason", limits.MAX_REASON_BYTES],
    ["channels in a subscribe", limits.MAX_CHANNELS_PER_FRAME],
    ["messages that one call of a publication guard publishes", limits.MAX_PUBLICATIONS_PER_GUARD_CALL],
  ])("has the code's limit for %s: %i", (what, limit) => {
    expect(size(what)).toBe(limit);
  });

  test("has the code's limits for messages, channel names and the cache", () => {
    expect(page).toContain(`1 to ${limits.MAX_MESSAGES_PER_FRAME} messages`);
    expect(page).toContain(`1 to ${limits.MAX_CHANNELS_PER_FRAME} channels`);
    expect(page).toContain(`1 to ${limits.MAX_CHANNEL_LENGTH} characters`);
    expect(page).toContain(`at most ${limits.MAX_CHANNEL_SEGMENTS} segments`);
    expect(page).toContain(`at most ${AGENT_CACHE_SECONDS} seconds (\`AGENT_CACHE_SECONDS\`)`);
  });

  test("the largest credentials leave room for the request's other headers", () => {
    expect(Math.ceil((limits.MAX_CREDENTIALS_BYTES * 4) / 3)).toBeLessThan(10_240 - 4_000);
  });
});
