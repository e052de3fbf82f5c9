import type { ReceivedMessage } from "../types.js";
import { Part } from "./part.js";

/** The channel's last message. */
export class Latest extends Part<{ message: ReceivedMessage | undefined }> {
  protected override read(): { message: ReceivedMessage | undefined } {
    return { message: this.store.latest };
  }
}
