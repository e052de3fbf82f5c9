import { type Reply, Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { route } from "./aws/route.js";
import { createSystem } from "./aws/system.js";
import { failure } from "./core/answers.js";
import { readFrame, uuidOf } from "./core/requests.js";

const system = createSystem();
const connections = new ManagementApi(system.log);

/** What a frame is told that no route takes. */
export const stray = (body: string | undefined): Reply => {
  const frame = readFrame(body);
  return failure(
    Meta.error,
    uuidOf(frame),
    frame && typeof frame["action"] === "string" ? "unknown_action" : "bad_frame",
  );
};

/** The Lambda behind `$default`: frames that are not JSON, have no `action`, or one that does not exist. */
export const handler = route({ ...system, connections }, (event) => Promise.resolve([stray(event.body)]));
