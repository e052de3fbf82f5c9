import type { ManagementCall } from "../gateway/index.js";
import type { Place } from "../lambda/variables.js";
import type { Call } from "./policy.js";

/**
 * What a request to `@connections` needs permission for.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
 */
export const connectionsCall = (
  { method, path }: Pick<ManagementCall, "method" | "path">,
  apiId: string,
  place: Place,
): Call => {
  const { partition, region, account } = place;
  const [, stage = "", ...rest] = decoded(path).split("/");
  return {
    action: "execute-api:ManageConnections",
    resource: `arn:${partition}:execute-api:${region}:${account}:${apiId}/${stage}/${method}/${rest.join("/")}`,
  };
};

/** What cannot be decoded is no connection's id, and is answered so later on. */
const decoded = (path: string): string => {
  const [bare = ""] = path.split("?");
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
};
