/** What a statement is about: certain actions or resources, or all but them. */
export interface Selection {
  /** Whether it is everything but the patterns: `NotAction`, `NotResource`. */
  not: boolean;
  patterns: string[];
  /** Why some of its patterns are not known here, one reason each. */
  unknown: string[];
}

/** One statement of a policy, with everything in it resolved. */
export interface Statement {
  effect: "Allow" | "Deny";
  actions: Selection;
  resources: Selection;
  conditions: Condition[];
}

/** A role's policies. */
export interface Policies {
  statements: readonly Statement[];
  /** What bounds them, if anything does: a call must be allowed by both. */
  boundary?: readonly Statement[];
}

/** One line of a statement's `Condition`: an operator, a key, and the values it is compared with. */
export interface Condition {
  /** Such as `StringEqualsIfExists`. */
  operator: string;
  /** Such as `aws:RequestedRegion`. */
  key: string;
  /** `undefined`: they cannot be told here. */
  values: string[] | undefined;
}
