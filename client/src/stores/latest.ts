import type { ReceivedMessage } from "../types.js";
import { Part, type PartContext } from "./part.js";

/** The channel's last message. */
export class Latest extends Part<{ message: ReceivedMessage | undefined }> {
  static override readonly empty = { message: undefined };

  constructor(store: PartContext) {
    super(store);
    this.removals = [store.live.on("message", () => this.changed())];
  }

  protected override read(): { message: ReceivedMessage | undefined } {
    return { message: this.store.latest };
  }
}
