/** One change of a source text. */
export interface Edit {
  /** A file below `client/src`. */
  file: string;
  /** The text to replace. It must occur exactly once. */
  search: string;
  replace: string;
}

/** A former fault of the SDK. */
export interface Mutation {
  /** Its number and its effect. */
  fault: string;
  edits: Edit[];
  /** Walks are too short to find it: only the memory measurement does. */
  isGrowth?: true;
}
