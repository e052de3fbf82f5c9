/** What happened, for tests that wait for it: values in the order in which they came. */
export class Mailbox<Value> {
  readonly all: Value[] = [];
  #taken = 0;
  #arrived = (): void => {};

  put = (value: Value): void => {
    this.all.push(value);
    this.#arrived();
  };

  /** How many have come and were not taken. */
  get waiting(): number {
    return this.all.length - this.#taken;
  }

  /** The next one, as soon as there is one. */
  async take(): Promise<Value> {
    while (!this.waiting) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.all[this.#taken++]!;
  }

  /** The next one that is as asked; what came before it is passed over. */
  async find(wanted: (value: Value) => boolean): Promise<Value> {
    for (;;) {
      const value = await this.take();
      if (wanted(value)) return value;
    }
  }
}
