import type { CallerCredentials } from "../../core/credentials.js";
import type { System } from "../system/system.js";

/** The output of `push-it-cli dev --json` when the run is ready; local/README.md documents each field. */
export interface Ready {
  /** The construct's path in the app, such as `PushItStack/PushIt`. */
  construct: string;
  /** The URL for clients, such as `ws://127.0.0.1:8787/live`. */
  websocketUrl: string;
  /** The URL of `@connections`, for callers with credentials of the stack. */
  managementUrl: string;
  /** A page to try channels with. */
  consoleUrl: string;
  /** The URL for events in the format in which AWS services send them to EventBridge. */
  eventsUrl: string;
  /** The stack's function URLs by logical id. */
  functionUrls: Record<string, string>;
  /** The publisher's function URL; absent if the construct has none: see its prop `publishUrl`. */
  publishUrl?: string;
  /** `functionName` of a `Publisher`. */
  publisherName?: string;
  /** Keys of an IAM user of this run that may only publish. */
  credentials?: CallerCredentials;
  /** Environment variables with which a back end on this machine publishes: region, keys, Lambda's endpoint. */
  environment: Record<string, string>;
  /** The local endpoint of each AWS service, as `AWS_ENDPOINT_URL_…` variables. */
  endpoints: Record<string, string>;
  /** The stack's outputs; the WebSocket API's address is that of this run. */
  outputs: Record<string, string>;
  region: string;
  account: string;
  /** The port of each part. Those of function URLs are in `functionUrls`. */
  ports: Record<string, number>;
  /** From the command's start until it was ready, in milliseconds. */
  readyMs: number;
}

/** Describes the running system. */
export const readyOf = (system: System, readyMs: number): Ready => {
  const { model, place, websocketUrl, managementUrl, consoleUrl, functionUrls, ports } = system;
  const { publisher } = model;
  const publishUrl = publisher?.urlId === undefined ? undefined : functionUrls[publisher.urlId];
  const credentials = publisher && system.credentialsOf(publisher.userId);
  const { region, account } = place;
  return {
    construct: model.path,
    websocketUrl,
    managementUrl,
    consoleUrl,
    eventsUrl: new URL("/events", consoleUrl).href,
    functionUrls,
    ...(publishUrl !== undefined && { publishUrl }),
    ...(publisher && credentials && { publisherName: publisher.functionName, credentials }),
    environment: {
      AWS_REGION: region,
      ...(credentials && keyVariables(credentials)),
      AWS_ENDPOINT_URL_LAMBDA: system.lambdaUrl,
      ...(publisher && { PUSH_IT_PUBLISHER: publisher.functionName }),
    },
    endpoints: system.endpoints,
    outputs: Object.fromEntries(
      Object.entries(model.outputs).map(([name, value]) => [name, withLocalAddresses(value, system)]),
    ),
    region,
    account,
    ports,
    readyMs: Math.round(readyMs),
  };
};

/** The session token is empty: one of the shell's own would not belong to these keys. */
const keyVariables = ({ accessKeyId, secretAccessKey }: CallerCredentials): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: "",
});

/** Replaces the WebSocket API's address in an output with the local one. */
const withLocalAddresses = (value: string, { model, place, websocketUrl, managementUrl }: System): string => {
  const { apiId, stage } = model.api;
  const suffix = place.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const there = `://${apiId}.execute-api.${place.region}.${suffix}/${stage}`;
  return value.replaceAll(`wss${there}`, websocketUrl).replaceAll(`https${there}`, managementUrl);
};

/** The shell commands with which a back end publishes: variables for the `Publisher`, and a request with curl. */
export const publisherLines = ({ credentials, environment, publishUrl, publisherName, region }: Ready): string[] => {
  if (!credentials || publisherName === undefined) return [];
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
  const invoke = `$AWS_ENDPOINT_URL_LAMBDA/2015-03-31/functions/${publisherName}/invocations`;
  return [
    ...exports,
    `curl --aws-sigv4 aws:amz:${region}:lambda --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\`,
    `  --json '{"version":1,"publish":[{"channel":"rooms/5","data":"Hello"}]}' "${publishUrl ?? invoke}"`,
  ];
};
