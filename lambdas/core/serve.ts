import { type BackEndResponse, REQUEST_VERSION as version } from "../../protocol/index.js";
import { disconnect, type Revoking, unsubscribe } from "./revoke.js";
import { serverPublish, type ServerPublishing } from "./server-publish.js";
import { readServerRequest } from "./server-requests.js";

/** What serving the back end needs. */
export type Serving = ServerPublishing & Revoking & { store: ServerPublishing["store"] & Revoking["store"] };

/**
 * Does what the back end asks for, and answers. Who may ask has been decided by IAM before.
 * @throws where a service failed, or not all could be done in time: it is safe to ask again, but for a publication
 * whose entries have no uuid
 */
export const serve = async (system: Serving, value: unknown): Promise<BackEndResponse> => {
  const read = readServerRequest(value);
  if ("error" in read) return { version, error: read.error, code: "bad_request" };
  const { request } = read;
  switch (request.kind) {
    case "publish":
      return { version, results: await serverPublish(system, request.entries) };
    case "disconnect":
      return { version, disconnected: await disconnect(system, request.target, request.reason) };
    case "unsubscribe":
      return { version, unsubscribed: await unsubscribe(system, request.target, request.channel, request.reason) };
  }
};
