// An esbuild plugin for the Lambda bundles. It replaces single files of the AWS SDK that the functions never use, or
// drops parts of such a file. Whole modules are replaced by the aliases in scripts/bundles.mjs.
import { readFileSync } from "node:fs";

const refuse = (name) => `throw new Error("${name} is not in this bundle: see scripts/lean-sdk.mjs");`;

/** Errors of DynamoDB's operations on items. The SDK makes its base class, with the same name, of any other error. */
const ITEM_ERRORS = new Set([
  "ConditionalCheckFailedException",
  "InternalServerError",
  "ItemCollectionSizeLimitExceededException",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "ResourceNotFoundException",
  "ThrottlingException",
  "TransactionCanceledException",
  "TransactionConflictException",
  "TransactionInProgressException",
]);

const read = (path) => readFileSync(path, "utf8");

/** A file without the matches of a pattern whose first group does not name an error of operations on items. */
const withItemErrors = (text, pattern) => text.replace(pattern, (match, name) => (ITEM_ERRORS.has(name) ? match : ""));

const leanErrors = (text) => withItemErrors(text, /^export class (\w+) [\s\S]*?^\}\n/gm);

const leanSchemas = (text) =>
  withItemErrors(
    text.replace(
      /^import \{.*\} from "\.\.\/models\/errors";$/m,
      `import { ${[...ITEM_ERRORS].join(", ")} } from "../models/errors";`,
    ),
    /^export var (\w+)\$ = [^;]*;\nn0_registry\.registerError\(.*\n/gm,
  );

/** Each file by the end of its path, and its contents in the bundles. */
const REPLACED = [
  // SHA-256 in JavaScript, for a Node that was built without OpenSSL. Lambda's has OpenSSL.
  ["sha256/Sha256Js.js", () => `export class Sha256Js { constructor() { ${refuse("Sha256Js")} } }`],
  // The Region from the metadata of an EC2 instance. A function's Region is always in AWS_REGION.
  [
    "regionConfig/getInstanceMetadataRegion.js",
    () => `export const getInstanceMetadataRegion = async () => { ${refuse("getInstanceMetadataRegion")} };`,
  ],
  // The limiter of the retry mode "adaptive". Functions retry in the mode "standard": AWS_RETRY_MODE is not set.
  [
    "util-retry/DefaultRateLimiter.js",
    () => `export class DefaultRateLimiter { constructor() { ${refuse("DefaultRateLimiter")} } }`,
  ],
  // Signatures of the messages of event streams. DynamoDB has no event streams, but the signer creates a formatter.
  [
    "signature-v4/dist-es/HeaderFormatter.js",
    () => `export class HeaderFormatter { format() { ${refuse("HeaderFormatter")} } }`,
  ],
  // The manifest, of which the SDK reads only the version, for the User-Agent.
  ["client-dynamodb/package.json", (path) => `export default { version: "${JSON.parse(read(path)).version}" };`],
  // Errors of operations on tables, backups, exports and imports: 20 KB of source in two files.
  ["client-dynamodb/dist-es/models/errors.js", (path) => leanErrors(read(path))],
  ["client-dynamodb/dist-es/schemas/schemas_0.js", (path) => leanSchemas(read(path))],
  // Names of S3 buckets in endpoints, which the SDK looks at for S3 alone.
  [
    "service-customizations/index.js",
    () => `export const resolveParamsForS3 = async () => { ${refuse("resolveParamsForS3")} };`,
  ],
  // Parts of requests in headers, the path and the host's name. DynamoDB's protocol has them all in the body.
  [
    "protocols/HttpBindingNormalizedSchema.js",
    () => `export const getHttpOperationBindings = () => [];
      export class HttpBindingNormalizedSchema { static of() { ${refuse("HttpBindingNormalizedSchema")} } }`,
  ],
];

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("/", "[\\\\/]");

/** @type {import("esbuild").Plugin} */
export const leanSdk = {
  name: "lean-sdk",
  setup(build) {
    for (const [end, contents] of REPLACED) {
      build.onLoad({ filter: new RegExp(`[\\\\/]${escaped(end)}$`) }, ({ path }) => ({
        contents: contents(path),
        loader: "js",
      }));
    }
  },
};
