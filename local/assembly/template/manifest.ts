import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { UserError, messageOf } from "../../core/user-error.js";
import { inlineNestedStacks } from "./nested-stacks.js";
import type { Template } from "./template.js";

/** One stack of a cloud assembly. */
export interface StackArtifact {
  /** The stack's name in CloudFormation. */
  name: string;
  /** With the resources of its nested stacks. */
  template: Template;
  /** Account and Region, if the app sets them. */
  account?: string;
  region?: string;
  /** Absolute path of each file asset, by its object key in the assets bucket. */
  assets: Map<string, Asset>;
  /** Metadata that constructs attached to themselves during synthesis, by construct path. */
  metadata: Record<string, { type: string; data?: unknown }[]>;
}

/** A file asset: a `zip` is a folder that is zipped, a `file` is uploaded unchanged. */
export interface Asset {
  path: string;
  packaging: "zip" | "file";
}

interface Manifest {
  artifacts?: Record<string, Artifact>;
}

interface Artifact {
  type: string;
  environment?: string;
  metadata?: StackArtifact["metadata"];
  additionalMetadataFile?: string;
  dependencies?: string[];
  properties?: { templateFile?: string; directoryName?: string; stackName?: string; file?: string };
}

interface AssetManifest {
  files?: Record<
    string,
    { source: { path?: string; packaging?: string }; destinations: Record<string, { objectKey: string }> }
  >;
}

/**
 * Reads every stack of a cloud assembly, nested assemblies (CDK stages) included.
 * @param directory the folder with `manifest.json`
 * @throws UserError if the folder is not a cloud assembly
 */
export const readAssembly = (directory: string): StackArtifact[] => {
  if (!existsSync(join(directory, "manifest.json"))) {
    throw new UserError(
      `${directory} is not a cloud assembly: it has no manifest.json.`,
      "Synthesize it first: npx cdk synth",
    );
  }
  const { artifacts = {} } = readJson<Manifest>(join(directory, "manifest.json"));
  return Object.entries(artifacts).flatMap(([id, artifact]) => {
    const nested = artifact.properties?.directoryName;
    if (artifact.type === "cdk:cloud-assembly" && nested) return readAssembly(join(directory, nested));
    return artifact.type === "aws:cloudformation:stack" ? [readStack(directory, id, artifact, artifacts)] : [];
  });
};

const readStack = (
  directory: string,
  id: string,
  artifact: Artifact,
  artifacts: Record<string, Artifact>,
): StackArtifact => {
  const [account, region] = (artifact.environment ?? "").replace("aws://", "").split("/");
  const extra = artifact.additionalMetadataFile;
  const manifests = (artifact.dependencies ?? []).flatMap((dependency) => {
    const { type, properties } = artifacts[dependency] ?? {};
    return type === "cdk:asset-manifest" && properties?.file ? [properties.file] : [];
  });
  const name = artifact.properties?.stackName ?? id;
  const template = readJson<Template>(join(directory, artifact.properties?.templateFile ?? `${id}.template.json`));
  return {
    name,
    template: inlineNestedStacks(template, name, (file) => readJson<Template>(join(directory, file))),
    ...known("account", account),
    ...known("region", region),
    assets: new Map(manifests.flatMap((file) => readAssets(directory, file))),
    metadata: { ...artifact.metadata, ...(extra && readJson<StackArtifact["metadata"]>(join(directory, extra))) },
  };
};

const readAssets = (directory: string, file: string): [string, Asset][] =>
  Object.values(readJson<AssetManifest>(join(directory, file)).files ?? {}).flatMap(({ source, destinations }) => {
    if (!source.path) return [];
    const path = isAbsolute(source.path) ? source.path : join(directory, source.path);
    const asset: Asset = { path, packaging: source.packaging === "zip" ? "zip" : "file" };
    return Object.values(destinations).map(({ objectKey }): [string, Asset] => [objectKey, asset]);
  });

/** The CDK writes `unknown-account` and `unknown-region` if the app does not set them. */
const known = (name: "account" | "region", value: string | undefined) =>
  value && !value.startsWith("unknown-") ? { [name]: value } : {};

const readJson = <T>(file: string): T => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${messageOf(error)}`, "Synthesize again: npx cdk synth");
  }
};
