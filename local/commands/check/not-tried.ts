/** Thrown by `observe` if the deployment does not let this be tried: a guard denies it, or a feature is off. */
export class NotTried extends Error {
  override name = "NotTried";
}
