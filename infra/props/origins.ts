import { Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { getPublicSuffix } from "tldts";
import { validationError } from "./validation-error.js";

/** A scheme, a host and perhaps a port, as browsers write them: `https://example.com`, `capacitor://localhost`. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\*]+$/i;

/** A pattern: `*` is the first label of the host's name, or its beginning. */
const PATTERN = /^https:\/\/\*([a-z0-9-]*)\.([^\s/?#@\\*]+)$/i;

/**
 * The origins from the prop, as browsers send them. Throws if an origin could never match, or if a pattern would match
 * foreign origins.
 */
export const resolveOrigins = (scope: IConstruct, origins: readonly string[] = []): string[] => [
  ...new Set(origins.map((origin) => originOf(scope, origin))),
];

const originOf = (scope: IConstruct, text: string): string => {
  const problem = (what: string): Error => validationError(scope, `allowedOrigins: "${text}" ${what}`);
  if (Token.isUnresolved(text)) throw validationError(scope, "allowedOrigins must be known at synthesis");
  if (text === "*") throw problem("is not an origin; to allow all, leave allowedOrigins out");
  if (text.includes("*")) return patternOf(text, problem);
  if (text === "null")
    throw problem("cannot be allowed: all pages without an origin of their own send it. Name the origins");
  if (!ORIGIN.test(text)) {
    throw problem(
      'is not an origin: write a scheme, a host and perhaps a port, without a path or a "/" at the end, such as "https://example.com"',
    );
  }
  if (!URL.canParse(text)) throw problem("is not an origin: its host or port is malformed");
  const url = new URL(text);
  // `URL` returns no origin for other schemes. So their text stays as it is, in lower case.
  return url.origin === "null" ? text.toLowerCase() : url.origin;
};

const patternOf = (text: string, problem: (what: string) => Error): string => {
  const [, end, parent] = PATTERN.exec(text) ?? [];
  if (end === undefined || parent === undefined) {
    throw problem(
      'is not a pattern: "*" can be the first label of an https host, or its beginning, such as "https://*.previews.example.com" or "https://*-team.example.com"',
    );
  }
  if (!URL.canParse(`https://${parent}`)) throw problem("is not a pattern: its host or port is malformed");
  const { host, hostname } = new URL(`https://${parent}`);
  if (/^[\d.]+$|^\[/.test(hostname)) throw problem("is not a pattern: addresses have no labels");
  // Everyone can register a name directly below a public suffix, such as com, co.uk or vercel.app.
  const open = getPublicSuffix(hostname, { allowPrivateDomains: end === "" }) === hostname;
  if (open)
    throw problem(
      `would allow the pages of everyone with a name below ${hostname}; name the origins, or a domain that is yours`,
    );
  return `https://*${end.toLowerCase()}.${host}`;
};
