/** Why an event pattern is not one, or is not understood here: a sentence without a period. */
export class PatternError extends Error {
  override name = "PatternError";
}
