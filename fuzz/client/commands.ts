import fc from "fast-check";

/** What can happen in one step; the first is the simplest, to which others are shrunk. How often each stands here is its weight. */
const WEIGHTS = {
  advance: 14,
  subscribe: 14,
  unsubscribe: 7,
  flip: 6,
  other: 12,
  publish: 9,
  settle: 3,
  cut: 4,
  rotate: 4,
  trouble: 6,
  deny: 5,
  freeze: 2,
  stall: 3,
  kill: 1,
  refuse: 2,
  network: 2,
  limits: 2,
  revoke: 3,
  hide: 1,
  damage: 2,
  ask: 3,
  visit: 1,
  vouch: 1,
  disconnect: 1,
  connect: 2,
  reset: 1,
} as const;

/** The name of a command. */
export type Kind = keyof typeof WEIGHTS;

/** The names of all commands. */
export const KINDS = Object.keys(WEIGHTS) as Kind[];

/** One step of a walk: what it does with its numbers is the command's matter; each is good. */
export interface Command {
  kind: Kind;
  a: number;
  b: number;
  c: number;
  /** The seed of all that is random in this step; 0: nothing is. */
  salt: number;
}

/** What a walk decides before its first step, as numbers. */
export interface Plan {
  limits: number;
  lifetime: number;
  since: number;
  channels: number;
  trouble: number;
  mess: number;
  flags: number;
  salt: number;
}

/** One walk. */
export interface Walk {
  plan: Plan;
  commands: Command[];
}

const MOST_SALT = 2 ** 20;

/** Lists of exactly so many commands, which shrink to shorter ones. */
class Exactly extends fc.Arbitrary<Command[]> {
  readonly #lists: fc.Arbitrary<Command[]>;

  constructor(
    readonly command: fc.Arbitrary<Command>,
    readonly count: number,
  ) {
    super();
    this.#lists = fc.array(command, { minLength: 1, maxLength: count, size: "max" });
  }

  generate(random: fc.Random): fc.Value<Command[]> {
    return new fc.Value(
      Array.from({ length: this.count }, () => this.command.generate(random, undefined).value),
      undefined,
    );
  }

  canShrinkWithoutContext(value: unknown): value is Command[] {
    return this.#lists.canShrinkWithoutContext(value);
  }

  shrink(value: Command[], context: unknown): fc.Stream<fc.Value<Command[]>> {
    return this.#lists.shrink(value, context);
  }
}

/** Walks of so many steps. */
export const walks = (steps: number, without: readonly string[] = []): fc.Arbitrary<Walk> => {
  const kinds = KINDS.filter((kind) => !without.includes(kind)).flatMap((kind) => Array<Kind>(WEIGHTS[kind]).fill(kind));
  const number = fc.nat(31);
  const salt = fc.nat(MOST_SALT);
  const command = fc.record({ kind: fc.constantFrom(...kinds), a: number, b: number, c: number, salt });
  const plan = fc.record({ limits: number, lifetime: number, since: number, channels: number, trouble: number, mess: number, flags: number, salt });
  return fc.record({ plan, commands: new Exactly(command, steps) });
};
