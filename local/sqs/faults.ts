/**
 * Faults of standard queues, which deliver at least once and at some time. Every member is optional and asked anew
 * each time; none is asked in normal runs.
 */
export interface QueueFaults {
  /** Whether a message that has just been delivered is delivered once more, to whoever asks next. */
  duplicateDelivery?(queue: string, messageId: string): boolean;
  /** Milliseconds by which a message that was sent is late, besides its own delay. */
  delayDelivery?(queue: string, messageId: string, body: string): number | undefined;
}
