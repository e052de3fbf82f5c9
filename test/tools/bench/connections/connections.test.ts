import { join } from "node:path";
import { connections, measureConnections } from "../../../../tools/bench/connections/connections.js";
import { maxOpenFiles, assertFileLimit } from "../../../../tools/bench/connections/open-files.js";

const ROOT = join(__dirname, "../../../..");

test("reports a too low limit of open files before it starts anything", () => {
  expect(() => assertFileLimit(5000, 1024)).toThrow(
    "5000 connections take 5500 open files in one process, and this user may open 1024.",
  );
  expect(() => assertFileLimit(500, 1024)).not.toThrow();
  expect(maxOpenFiles()).toBeGreaterThan(0);
});

test("connections: all stay open, and their messages are acknowledged and received", async () => {
  const shares: number[] = [];
  const context = { root: ROOT, progress: (share: number) => shares.push(share) };
  const result = await measureConnections(context, { connections: 120, seconds: 3 });
  // 120 a minute are 2 a second.
  expect(result).toMatchObject({ connections: 120, errors: 0, errorsByKind: {}, published: 6, received: 6 });
  expect(result.heldSeconds).toBeGreaterThanOrEqual(3);
  expect(result.connectSeconds).toBeGreaterThan(0);
  expect(shares.at(-1)).toBe(1);
  expect(connections.table(result)).toContain("| connections held | 120 |");
}, 600_000);
