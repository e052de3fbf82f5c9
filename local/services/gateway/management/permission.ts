import type { Permissions } from "../../../core/authorization/permissions.js";
import type { Credentials } from "../../../core/credentials.js";
import type { GatewayOptions, ManagementCall } from "../gateway.js";
import type { Call } from "../../../core/authorization/call.js";
import type { Place } from "../../../core/place.js";
import { type Caller, callerArn } from "../../../core/authorization/caller.js";

/**
 * The permission that a request to `@connections` needs.
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

/** Decodes the path. An invalid path is refused later, because it has no valid connection id. */
const decoded = (path: string): string => {
  const [bare = ""] = path.split("?");
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
};

/**
 * A refusal in the words of `@connections`: the account is masked, and the connection is not named.
 * @see https://github.com/aws/aws-cdk/issues/18410
 */
export const connectionsRefusal = (caller: Caller, { action, resource }: Call, place: Place): string => {
  const masked = resource
    .replace(/^((?:[^:]*:){4})\d+(\d{4}):/, "$1********$2:")
    .replace(/@connections\/.*$/, "@connections/{connectionId}");
  return `User: ${callerArn(caller, place)} is not authorized to perform: ${action} on resource: ${masked}`;
};

/** Authorizes calls to `@connections` by the policies of the functions that signed them. */
export const connectionsAuthorizer =
  (credentials: Credentials, permissions: Permissions, apiId: () => string): NonNullable<GatewayOptions["authorize"]> =>
  ({ accessKeyId, method, path }) => {
    const functionId = credentials.identify(accessKeyId) ?? "";
    const refusal = permissions.check(functionId, [connectionsCall({ method, path }, apiId(), permissions.place)]);
    return refusal && connectionsRefusal(refusal.caller, refusal.call, permissions.place);
  };
