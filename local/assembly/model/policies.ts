/** The actions or resources of a statement: certain ones, or all but certain ones. */
export interface Selection {
  /** Whether it is everything but the patterns: `NotAction`, `NotResource`. */
  not: boolean;
  patterns: string[];
  /** Why some of its patterns have no value locally, one reason each. */
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
  /** The permissions boundary, if there is one: both must allow a call. */
  boundary?: readonly Statement[];
}

/** One line of a statement's `Condition`: an operator, a key, and the values it is compared with. */
export interface Condition {
  /** Such as `StringEqualsIfExists`. */
  operator: string;
  /** Such as `aws:RequestedRegion`. */
  key: string;
  /** `undefined`: they have no value locally. */
  values: string[] | undefined;
}
