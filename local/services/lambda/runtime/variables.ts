import type { FunctionModel } from "../../../assembly/model/functions.js";
import type { Place } from "../../../core/place.js";
import type { FunctionCredentials } from "../../../core/credentials.js";
import { createHash } from "node:crypto";

/**
 * The environment variables of a function's process: the template's, then Lambda's own, then the endpoints. Of the
 * developer's own environment, only `PATH` is included.
 * @param endpoints `AWS_ENDPOINT_URL_…` variables, which override the template's
 * @param libraries the folders in which a Node function finds unbundled packages, as it finds the SDK in AWS
 */
export const functionVariables = (
  model: FunctionModel,
  place: Place,
  credentials: FunctionCredentials,
  endpoints: Record<string, string>,
  libraries?: string,
): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  LANG: "en_US.UTF-8",
  TZ: ":UTC",
  ...quietSdk(model),
  ...(libraries && { NODE_PATH: libraries }),
  ...model.environment,
  AWS_REGION: place.region,
  AWS_DEFAULT_REGION: place.region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
  AWS_EXECUTION_ENV: `AWS_Lambda_${model.runtime}`,
  AWS_LAMBDA_FUNCTION_NAME: model.name,
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(model.memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${model.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: logStream(model),
  ...(model.logFormat === "JSON" && { AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LAMBDA_LOG_LEVEL: model.logLevel ?? "INFO" }),
  LAMBDA_TASK_ROOT: model.code,
  LAMBDA_RUNTIME_DIR: "/var/runtime",
  _HANDLER: model.handler,
  ...endpoints,
});

/** On an older Node than the function's own, the AWS SDK warns about a Node that will not be there in AWS. */
const quietSdk = (model: FunctionModel): Record<string, string> => {
  const declared = Number(/^nodejs(\d+)/.exec(model.runtime)?.[1] ?? 0);
  const here = Number(process.versions.node.split(".")[0]);
  return here < declared ? { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" } : {};
};

const logStream = (model: FunctionModel): string => {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/[$LATEST]${createHash("md5").update(model.logicalId).digest("hex")}`;
};
