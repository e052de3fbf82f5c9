import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DynamoDb } from "./engine.js";

/*
 * dynalite runs in a thread of its own. In the main thread its work would delay the sockets, and a thread cannot
 * outlive the runtime as a process can.
 */
const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
const server = require(workerData.dynalite)({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
// Functions keep their connections; a frozen one must find its own still there.
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

/** Starts dynalite: in memory, Node only. */
export const startEmbedded = async (): Promise<DynamoDb> => {
  const worker = new Worker(THREAD, { eval: true, workerData: { dynalite: require.resolve("dynalite") } });
  const [port] = (await once(worker, "message")) as [number];
  return {
    name: "embedded (dynalite)",
    endpoint: `http://127.0.0.1:${port}`,
    close: async () => void (await worker.terminate()),
  };
};
