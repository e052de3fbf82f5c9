// Builds the SDK's bundles into a folder, as scripts/build.mjs does: node build-client.mjs FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientBundle } from "../../../scripts/client-build.mjs";

const [folder] = process.argv.slice(2);
const root = join(import.meta.dirname, "../../..");
writeFileSync(join(folder, "index.mjs"), await clientBundle(root, "esm"));
writeFileSync(join(folder, "core.mjs"), await clientBundle(root, "core"));
writeFileSync(join(folder, "push-it.iife.js"), await clientBundle(root, "iife"));
