import { type Reply, Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { route } from "../aws/api-gateway/route.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { failure } from "../requests/replies.js";
import { readFrame, uuidOf } from "../requests/frame-parser.js";

const system = createDependencies();
const connections = new ManagementApi(system.log);

/** The reply to a frame that no route accepts. */
export const unknownActionReply = (body: string | undefined): Reply => {
  const frame = readFrame(body);
  return failure(
    Meta.error,
    uuidOf(frame),
    frame && typeof frame["action"] === "string" ? "unknown_action" : "bad_frame",
  );
};

/** The Lambda behind `$default`: frames that are not JSON, have no `action`, or an unknown `action`. */
export const handler = route({ ...system, connections }, (event) => Promise.resolve([unknownActionReply(event.body)]));
