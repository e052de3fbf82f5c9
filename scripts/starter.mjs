// The stack that push-it-cli runs in a folder without a CDK app: synthesized once, here, so that no CDK is needed there.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { filesBelow, write } from "./output.mjs";

const require = createRequire(import.meta.url);

/** The options of the stack's channels; local/README.md has the same as a table. */
const channels = ({ Duration }) => {
  const history = { size: 1_000, ttl: Duration.days(1) };
  return {
    "rooms/*": { history, presence: true },
    "history/*": { history },
    "presence/*": { presence: true },
    "latest/*": { latest: true },
    "linger/*": { linger: Duration.millis(100) },
  };
};

/** Whether the command reads a file of an assembly. The metadata names files of this machine. */
const isRead = (file) => !/(cdk\.out|validation-report\.json|\.metadata\.json)$/.test(file);

/** A file of the assembly; its manifest without the metadata. */
const contentsOf = (file) => {
  if (basename(file) !== "manifest.json") return readFileSync(file);
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  for (const artifact of Object.values(manifest.artifacts)) {
    delete artifact.metadata;
    delete artifact.additionalMetadataFile;
  }
  return Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
};

/** Without the CDK's lines on what it bundles: a failure is thrown in any case. */
const quietly = (synthesize) => {
  const { write: originalWrite } = process.stderr;
  process.stderr.write = () => true;
  try {
    return synthesize();
  } finally {
    process.stderr.write = originalWrite;
  }
};

/** Synthesizes the stack with the built construct into `local/dist/starter`; gives the files. */
export const emitStarter = (root) => quietly(() => emit(root));

const emit = (root) => {
  const cdk = require("aws-cdk-lib");
  const { PushItStack } = require(join(root, "dist/infra/index.js"));
  const outdir = mkdtempSync(join(tmpdir(), "push-it-starter-"));
  try {
    const context = { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true };
    const app = new cdk.App({ outdir, context, analyticsReporting: false, treeMetadata: false });
    new PushItStack(app, "Starter", {
      channels: channels(cdk),
      publishUrl: true,
      removalPolicy: cdk.RemovalPolicy.DESTROY,
    });
    app.synth();
    return filesBelow(outdir)
      .filter(isRead)
      .map((file) => {
        const target = join(root, "local/dist/starter", relative(outdir, file));
        write(target, contentsOf(file));
        return target;
      });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};
