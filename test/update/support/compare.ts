import { fullDiff, ResourceImpact } from "@aws-cdk/cloudformation-diff";
import type { StackTemplate } from "./releases.js";

/** A change of a stack that users of the stack would notice. */
export interface Finding {
  /** The logical id, or the output's name. */
  id: string;
  /** The resource's type, or `Output`. */
  type: string;
  what: "is removed" | "is replaced" | "has another value";
  /** The properties that make CloudFormation replace the resource. */
  because?: string[];
}

const REMOVED: ReadonlySet<ResourceImpact> = new Set([ResourceImpact.WILL_DESTROY, ResourceImpact.WILL_ORPHAN]);
// A resource that may be replaced counts as replaced.
const REPLACED: ReadonlySet<ResourceImpact> = new Set([ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE]);

/**
 * The losses of an update from one template to another: removed resources, resources that CloudFormation replaces by
 * AWS's own schemas, and removed or changed outputs. A resource with a new logical id counts as removed.
 */
export const lossesOf = (before: StackTemplate, after: StackTemplate): Finding[] => {
  const { resources, outputs } = fullDiff({ ...before }, { ...after });
  const changed = Object.entries(resources.changes).flatMap(([id, change]): Finding[] => {
    const type = change.oldResourceType ?? change.newResourceType ?? "";
    if (REMOVED.has(change.changeImpact)) return [{ id, type, what: "is removed" }];
    if (!REPLACED.has(change.changeImpact)) return [];
    const because = Object.entries(change.propertyUpdates).flatMap(([name, { changeImpact }]) =>
      changeImpact && REPLACED.has(changeImpact) ? [name] : [],
    );
    return [{ id, type, what: "is replaced", because }];
  });
  const gone = Object.entries(outputs.changes).flatMap(([id, change]): Finding[] => {
    if (change.isAddition) return [];
    return [{ id, type: "Output", what: change.isRemoval ? "is removed" : "has another value" }];
  });
  return [...changed, ...gone];
};
