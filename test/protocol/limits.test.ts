import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as limits from "../../protocol/limits.js";
import { AGENT_CACHE_SECONDS } from "../../lambdas/core/directory.js";

const page = readFileSync(join(__dirname, "../../docs/PROTOCOL.md"), "utf8");

/** The number that the page's table of sizes gives for `what`. */
const size = (what: string): number => {
  const row = page.split("\n").find((line) => line.startsWith(`| ${what}`));
  return Number(/[\d,]+/.exec(row?.split("|")[2] ?? "")?.[0].replace(",", ""));
};

describe("docs/PROTOCOL.md", () => {
  test.each([
    ["frame, either direction", limits.FRAME_BYTES],
    ["nesting", limits.NESTING],
    ["credentials, as JSON", limits.CREDENTIALS_BYTES],
    ["credentials kept", limits.CREDENTIALS_BYTES],
    ["`info`", limits.INFO_BYTES],
    ["`result`", limits.RESULT_BYTES],
    ["reason", limits.REASON_BYTES],
    ["channels in a subscribe", limits.CHANNELS_PER_FRAME],
    ["messages that one call of a publication guard publishes", limits.PUBLICATIONS_PER_GUARD_CALL],
  ])("says of %s what the code does: %i", (what, limit) => {
    expect(size(what)).toBe(limit);
  });

  test("says the same of messages, channel names and the cache", () => {
    expect(page).toContain(`1 to ${limits.MESSAGES_PER_FRAME} messages`);
    expect(page).toContain(`1 to ${limits.CHANNELS_PER_FRAME} channels`);
    expect(page).toContain(`1 to ${limits.CHANNEL_LENGTH} characters`);
    expect(page).toContain(`at most ${limits.CHANNEL_SEGMENTS} segments`);
    expect(page).toContain(`at most ${AGENT_CACHE_SECONDS} seconds (\`AGENT_CACHE_SECONDS\`)`);
  });

  test("credentials of the largest size, encoded, leave room for the rest of the request's headers", () => {
    expect(Math.ceil((limits.CREDENTIALS_BYTES * 4) / 3)).toBeLessThan(10_240 - 4_000);
  });
});
