// An esbuild plugin for the Lambda bundles: single files of the AWS SDK that a function never comes to, and that no name
// of a module stands for, are replaced by something that says so. What stands for a whole module is an alias in
// scripts/bundles.mjs.
import { readFileSync } from "node:fs";

const refuse = (name) => `throw new Error("${name} is not in this bundle: see scripts/lean-sdk.mjs");`;

/** What is left out, by the end of its path, and what is there instead. */
const LEFT_OUT = [
  // SHA-256 in JavaScript: for a Node that was built without OpenSSL. Lambda's has it.
  ["sha256/Sha256Js.js", () => `export class Sha256Js { constructor() { ${refuse("Sha256Js")} } }`],
  // The Region from the metadata of an EC2 instance. A function's is always in AWS_REGION.
  [
    "regionConfig/getInstanceMetadataRegion.js",
    () => `export const getInstanceMetadataRegion = async () => { ${refuse("getInstanceMetadataRegion")} };`,
  ],
  // Signatures of the messages of event streams, which DynamoDB has none of; the signer makes one of these all the same.
  [
    "signature-v4/dist-es/HeaderFormatter.js",
    () => `export class HeaderFormatter { format() { ${refuse("HeaderFormatter")} } }`,
  ],
  // The manifest of which only the version is read, for the User-Agent.
  [
    "client-dynamodb/package.json",
    (path) => `export default { version: "${JSON.parse(readFileSync(path, "utf8")).version}" };`,
  ],
];

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("/", "[\\\\/]");

/** @type {import("esbuild").Plugin} */
export const leanSdk = {
  name: "lean-sdk",
  setup(build) {
    for (const [end, contents] of LEFT_OUT) {
      build.onLoad({ filter: new RegExp(`[\\\\/]${escaped(end)}$`) }, ({ path }) => ({
        contents: contents(path),
        loader: "js",
      }));
    }
  },
};
