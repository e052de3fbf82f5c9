import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessReaper } from "../../../local/core/process-reaper.js";

describe("the reaper", () => {
  test("kills watched processes, frozen or not, and removes the folder at close", async () => {
    const folder = mkdtempSync(join(tmpdir(), "reaper-test-"));
    const reaper = new ProcessReaper(folder);
    const children = [1, 2].map(() => spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }));
    children.forEach((child) => reaper.watch(child));
    children[0]!.kill("SIGSTOP");
    const ended = Promise.all(children.map((child) => once(child, "exit")));
    await reaper.close();
    expect(await ended).toEqual([
      [null, "SIGKILL"],
      [null, "SIGKILL"],
    ]);
    expect(existsSync(folder)).toBe(false);
  });

  test("spares ended processes, whose id may belong to another by then", async () => {
    const reaper = new ProcessReaper();
    const child = spawn("true", { detached: true, stdio: "ignore" });
    reaper.watch(child);
    await once(child, "exit");
    await reaper.close();
    await expect(reaper.close()).resolves.toBeUndefined();
  });
});
