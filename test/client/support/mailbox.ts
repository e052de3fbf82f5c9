/** Collects values in order, for tests that wait for them. */
export class Mailbox<Value> {
  readonly all: Value[] = [];
  #taken = 0;
  #arrived = (): void => {};

  put = (value: Value): void => {
    this.all.push(value);
    this.#arrived();
  };

  /** How many values have arrived and were not taken. */
  get waiting(): number {
    return this.all.length - this.#taken;
  }

  /** Takes the next value, as soon as there is one. */
  async take(): Promise<Value> {
    while (!this.waiting) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.all[this.#taken++]!;
  }

  /** Takes the next value that meets a condition, and skips earlier ones. */
  async find(wanted: (value: Value) => boolean): Promise<Value> {
    for (;;) {
      const value = await this.take();
      if (wanted(value)) return value;
    }
  }
}
