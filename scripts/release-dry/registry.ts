import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runServer } from "verdaccio";

/** A registry of npm on this machine. */
export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a registry that has the packages which are published to it, and takes all others from another one.
 * @param folder the folder for the published packages
 * @param others the registry for the others
 */
export const startRegistry = async (folder: string, others: string): Promise<Registry> => {
  const config = {
    self_path: folder,
    storage: join(folder, "storage"),
    uplinks: { others: { url: others, maxage: "10m", timeout: "60s" } },
    packages: {
      "push-it-*": { access: "$all", publish: "$all", unpublish: "$all" },
      "create-push-it-app": { access: "$all", publish: "$all", unpublish: "$all" },
      "**": { access: "$all", proxy: "others" },
    },
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
    web: { enable: false },
    log: { type: "stdout", format: "pretty", level: "fatal" },
  };
  const server = (await runServer(config)) as Server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
