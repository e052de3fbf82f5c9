import { Credentials } from "../../core/credentials.js";
import { ProcessReaper } from "../../core/process-reaper.js";
import { UserError } from "../../core/user-error.js";
import { Meter } from "../../meter/meter.js";
import { SqsService } from "../../services/sqs/api/service.js";
import { FunctionUrls } from "../../services/urls/server.js";
import { Source } from "../app/source.js";
import { CleanupStack } from "./cleanup-stack.js";
import type { SystemOptions } from "./options.js";
import { Ports } from "./ports.js";
import { RunningSystem } from "./running.js";
import type { System } from "./system.js";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs a Push-It from its synthesized template on this machine.
 * @throws UserError when it cannot be run, with the next step
 * @example
 * const system = await startSystem({ project: process.cwd(), dist: "local/dist", log: () => undefined });
 * new WebSocket(system.websocketUrl, "push-it.v1");
 */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  checkPlatform();
  const cleanup = new CleanupStack();
  try {
    const ports = await Ports.open(options.port ?? 0, options.host);
    cleanup.add(() => ports.close());
    const folder = mkdtempSync(join(tmpdir(), "push-it-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    const reaper = new ProcessReaper(folder);
    cleanup.add(() => reaper.close());
    const { listen, shown } = ports.addresses;
    const urls = new FunctionUrls({ listen, shown, port: (index) => ports.urlPort(index) });
    cleanup.add(() => urls.close());
    const sqs = await SqsService.listen(ports.server("sqs"));
    cleanup.add(() => sqs.close());
    const reserve = (ids: string[]) => urls.reserve(ids);
    const source = new Source(options, folder, (child) => reaper.watch(child), reserve, sqs.endpoint);
    cleanup.add(() => source.close());
    const credentials = new Credentials();
    const meter = options.meter
      ? new Meter({ callerOf: (accessKeyId) => credentials.identify(accessKeyId) })
      : undefined;
    return await RunningSystem.start({ options, source, reaper, cleanup, urls, sqs, ports, credentials, meter });
  } catch (error) {
    await cleanup.close();
    throw error;
  }
};

/** Freezing needs signals that Windows does not have. */
const checkPlatform = (): void => {
  if (process.platform !== "win32") return;
  throw new UserError(
    "Functions cannot be frozen on Windows.",
    "Run this inside WSL: https://learn.microsoft.com/windows/wsl/install",
  );
};
