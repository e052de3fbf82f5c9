import type { IncomingHttpHeaders } from "node:http";
import type { CorsModel } from "../../assembly/model/urls.js";
import type { UrlResponse } from "./response.js";

/** Whether a request is a browser's preflight request. Lambda answers it itself if the URL has a CORS configuration. */
export const isPreflight = (method: string, headers: IncomingHttpHeaders): boolean =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;

/** The answer to a preflight request. */
export const preflightResponse = (cors: CorsModel, origin: string): UrlResponse => {
  const shared = corsHeaders(cors, origin);
  const allowed = Object.keys(shared).length > 0 && {
    ...list("access-control-allow-methods", cors.allowMethods),
    ...list("access-control-allow-headers", cors.allowHeaders),
    ...(cors.maxAgeSeconds !== undefined && { "access-control-max-age": String(cors.maxAgeSeconds) }),
  };
  return { status: 200, headers: { ...shared, ...allowed }, body: Buffer.alloc(0) };
};

/**
 * The CORS headers of a response. Empty if the origin may not read it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
 */
export const corsHeaders = (cors: CorsModel, origin: string | undefined): Record<string, string> => {
  if (origin === undefined || !cors.allowOrigins.some((pattern) => matches(pattern, origin))) return {};
  return {
    "access-control-allow-origin": cors.allowOrigins.includes("*") && !cors.allowCredentials ? "*" : origin,
    ...(cors.allowCredentials && { "access-control-allow-credentials": "true" }),
    ...list("access-control-expose-headers", cors.exposeHeaders),
    vary: "Origin",
  };
};

const list = (name: string, values: string[]): Record<string, string> =>
  values.length > 0 ? { [name]: values.join(",") } : {};

/** Compares origins literally, except for a wildcard, which matches all origins or a subdomain. */
const matches = (pattern: string, origin: string): boolean => {
  if (pattern === "*") return true;
  const [before, after] = pattern.split("*");
  if (after === undefined || before === undefined) return pattern === origin;
  return origin.length > pattern.length - 1 && origin.startsWith(before) && origin.endsWith(after);
};
