import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessReaper } from "../../../local/core/process-reaper.js";

describe("the guardian", () => {
  test("kills what it watches, frozen or not, and removes the folder when it is closed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "guardian-test-"));
    const guardian = new ProcessReaper(folder);
    const children = [1, 2].map(() => spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }));
    children.forEach((child) => guardian.watch(child));
    children[0]!.kill("SIGSTOP");
    const ended = Promise.all(children.map((child) => once(child, "exit")));
    await guardian.close();
    expect(await ended).toEqual([
      [null, "SIGKILL"],
      [null, "SIGKILL"],
    ]);
    expect(existsSync(folder)).toBe(false);
  });

  test("leaves alone what has ended by itself, since its id may be another's by then", async () => {
    const guardian = new ProcessReaper();
    const child = spawn("true", { detached: true, stdio: "ignore" });
    guardian.watch(child);
    await once(child, "exit");
    await guardian.close();
    await expect(guardian.close()).resolves.toBeUndefined();
  });
});
