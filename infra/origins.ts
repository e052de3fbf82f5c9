import { Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { invalid } from "./invalid.js";

/** A scheme, a host and perhaps a port, as browsers write them: `https://example.com`, `capacitor://localhost`. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\*]+$/i;

/** The origins that the prop says, as browsers send them. Throws where one could never match. */
export const originsOf = (scope: IConstruct, origins: readonly string[] = []): string[] =>
  [...new Set(origins.map((origin) => originOf(scope, origin)))];

const originOf = (scope: IConstruct, text: string): string => {
  const problem = (what: string): Error => invalid(scope, `allowedOrigins: "${text}" ${what}`);
  if (Token.isUnresolved(text)) throw invalid(scope, "allowedOrigins must be known at synthesis");
  if (text === "*") throw problem("is no origin; to allow all, leave allowedOrigins out");
  if (text.includes("*")) throw problem("is a pattern, but origins are compared as a whole: name each");
  if (text === "null") throw problem("is what all pages without an origin of their own send: it tells nothing");
  if (!ORIGIN.test(text)) {
    throw problem('is no origin: a scheme, a host and perhaps a port, without a path or a "/" at the end, such as "https://example.com"');
  }
  if (!URL.canParse(text)) throw problem("is no origin: its host or port is malformed");
  const url = new URL(text);
  // Other schemes have no origin that URL would know; their host stays as it is written, in lower case.
  return url.origin === "null" ? text.toLowerCase() : url.origin;
};
