import { type ServerApiResponse, SERVER_API_VERSION as version } from "../../protocol/index.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import type { Dependencies } from "../dependencies.js";
import { readPresencePage } from "../presence/presence-query.js";
import type { PipelineDependencies } from "../publish/pipeline.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import { deleteHistory, deleteMessage, forgetUser } from "./erase.js";
import { read, replayOf } from "../history/history-query.js";
import { disconnect, unsubscribe } from "./revoke.js";
import { serverPublish } from "./server-publish.js";
import { readServerRequest } from "./server-requests.js";

/** The ports that the server API needs. */
export interface ServerApiDependencies
  extends PipelineDependencies, Pick<Dependencies, "members" | "erasure" | "newUuid"> {
  occupancy: Pick<Dependencies["occupancy"], "read">;
}

/** Maximum size of one presence response, in bytes: a sixth of the maximum response of an invocation. */
const PRESENCE_BUDGET = { bytes: 1024 * 1024, rows: 10_000 };

/**
 * Handles a request of the server API. IAM has authorised the caller before.
 * @throws if a service failed, or part of it was not done in time: repeating is safe, except for entries without a uuid
 */
export const handleServerRequest = async (
  system: ServerApiDependencies,
  value: unknown,
): Promise<ServerApiResponse> => {
  const parsed = readServerRequest(value);
  if ("error" in parsed) return { version, error: parsed.error, code: "bad_request" };
  const { request } = parsed;
  switch (request.kind) {
    case "history": {
      const { query } = request;
      const keep = channelSettings(system.settings.channels, query.channel).history;
      if (!keep) return { version, error: DEFAULT_MESSAGES.no_history, code: "no_history" };
      return { version, history: replayOf(query, await read(system, query, keep)) };
    }
    case "presence": {
      const { query } = request;
      if (!channelSettings(system.settings.channels, query.channel).presence)
        return { version, error: DEFAULT_MESSAGES.no_presence, code: "no_presence" };
      return { version, presence: await readPresencePage(system, query, PRESENCE_BUDGET) };
    }
    case "publish":
      return { version, results: await serverPublish(system, request.entries) };
    case "disconnect":
      return { version, disconnected: await disconnect(system, request.target, request.reason) };
    case "unsubscribe":
      return { version, unsubscribed: await unsubscribe(system, request.target, request.channel, request.reason) };
    case "deleteMessage":
      if (!channelSettings(system.settings.channels, request.channel).history)
        return { version, error: DEFAULT_MESSAGES.no_history, code: "no_history" };
      return { version, deletedMessage: await deleteMessage(system, request.channel, request.position) };
    case "deleteHistory": {
      const { history, latest } = channelSettings(system.settings.channels, request.channel);
      if (!history && !latest) return { version, error: DEFAULT_MESSAGES.no_history, code: "no_history" };
      return { version, ...(await deleteHistory(system, request.channel, request.isContinued)) };
    }
    case "forgetUser":
      return { version, ...(await forgetUser(system, request.userId, request.after)) };
  }
};
