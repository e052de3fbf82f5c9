import type { IConstruct } from "constructs";
import { validationError } from "../props/validation-error.js";
import { ENVIRONMENT_BYTES } from "../props/limits.js";

/** The assumed value of an unknown reference: about the longest ARN of a function. */
const ARN = "arn:".padEnd(128, "-");

/** The longest values of references that every stack has. */
const LONGEST: { readonly [name: string]: string } = {
  "AWS.AccountId": "123456789012",
  "AWS.Partition": "aws-us-gov",
  "AWS.Region": "ap-northeast-1-xx",
  "AWS.URLSuffix": "amazonaws.com.cn",
};

/** Text with its references as long as they can become. */
const resolved = (text: string): string =>
  text
    .replace(/\$\{Token\[([^\]]+)\.\d+\]\}/g, (_, name: string) => LONGEST[name] ?? ARN)
    .replace(/\$\{Token\[[^\]]+\]\}/g, ARN);

/**
 * Bytes of an environment as Lambda measures it: its JSON text, names, quotes and escapes included. A reference counts
 * with its longest value.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const environmentBytes = (environment: { readonly [name: string]: string }): number =>
  Buffer.byteLength(
    JSON.stringify(Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, resolved(value)]))),
  );

/** Throws if Lambda would refuse the environment. */
export const assertEnvironmentFits = (scope: IConstruct, environment: { readonly [name: string]: string }): void => {
  const bytes = environmentBytes(environment);
  if (bytes <= ENVIRONMENT_BYTES) return;
  const [longest] = Object.entries(environment).sort(([, a], [, b]) => b.length - a.length);
  throw validationError(
    scope,
    `the environment would have ${bytes} bytes as JSON, but Lambda allows ${ENVIRONMENT_BYTES}. Most of it is in ${longest?.[0] ?? ""}. ` +
      "Write constants into the guard module instead of its environment, or keep long values in a secret that the guard reads; " +
      "use fewer wildcards, patterns of channels, allowed origins or guard functions",
  );
};
