import { UserError } from "../../core/user-error.js";
import type { StackArtifact } from "./manifest.js";
import { CONSTRUCT_METADATA, CONSTRUCT_VERSION, PATH_METADATA, type Resource } from "./template.js";

/** One Push-It construct that was found in an assembly. */
export interface FoundConstruct {
  /** Such as `PushItStack/PushIt`. */
  path: string;
  stack: StackArtifact;
  /** Its guard module, as the app names it. */
  guards?: string;
}

/**
 * Finds the Push-It construct to run.
 * @param path the construct's path; required if the app has several
 * @throws UserError if there is none, or if several match
 */
export const findConstruct = (stacks: StackArtifact[], path?: string): FoundConstruct => {
  const found = stacks.flatMap(constructsOf);
  const wanted = path === undefined ? found : found.filter((each) => each.path === path);
  if (wanted.length === 1) return wanted[0]!;
  const paths = found.map((each) => `  ${each.path}`).join("\n");
  if (found.length === 0) {
    const names = stacks.map(({ name }) => name).join(", ") || "none";
    throw new UserError(
      `No Push-It construct was found (stacks: ${names}).`,
      'Add one to a stack of the app: new PushIt(this, "PushIt", { … })',
    );
  }
  if (path !== undefined) throw new UserError(`There is no Push-It construct ${path}. There are:\n${paths}`);
  throw new UserError(`The app has several Push-It constructs:\n${paths}`, `Choose one: --construct ${found[0]!.path}`);
};

/** Whether a resource was made by the construct. */
export const belongsTo = (construct: FoundConstruct, resource: Resource): boolean => {
  const path = resource.Metadata?.[PATH_METADATA];
  return typeof path === "string" && (path === construct.path || path.startsWith(`${construct.path}/`));
};

const constructsOf = (stack: StackArtifact): FoundConstruct[] =>
  Object.values(stack.template.Resources ?? {}).flatMap((resource) => {
    const marker = resource.Metadata?.[CONSTRUCT_METADATA] as Marker | undefined;
    if (!marker?.path) return [];
    if ((marker.version ?? 0) > CONSTRUCT_VERSION) {
      throw new UserError(
        `${marker.path} was made by a newer push-it-aws.`,
        "Update the command: npm install push-it-cli@latest",
      );
    }
    const { path, guards } = marker;
    const construct = { path, stack, ...(guards !== undefined && { guards }) };
    if (!belongsTo(construct, resource)) {
      throw new UserError(
        `The template does not say which resources belong to ${marker.path}.`,
        'Synthesize with path metadata ("pathMetadata" must not be false in cdk.json).',
      );
    }
    return [construct];
  });

interface Marker {
  path?: string;
  version?: number;
  guards?: string;
}
