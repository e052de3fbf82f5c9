import fc from "fast-check";

/** The commands with their weights. Others shrink to the first, which is the simplest. */
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
  visit: 3,
  state: 4,
  release: 1,
  vouch: 1,
  disconnect: 1,
  connect: 2,
  reset: 1,
} as const;

/** The name of a command. */
export type Kind = keyof typeof WEIGHTS;

/** The names of all commands. */
const KINDS = Object.keys(WEIGHTS) as Kind[];

/** Commands whose first number selects a channel. */
const CHANNEL_KINDS: readonly Kind[] = [
  "subscribe",
  "unsubscribe",
  "flip",
  "other",
  "publish",
  "deny",
  "revoke",
  "ask",
  "damage",
  "visit",
  "state",
];

/** One step of a walk. Each command interprets the numbers itself, and all numbers are valid. */
export interface Command {
  kind: Kind;
  a: number;
  b: number;
  c: number;
  /** The seed of random effects in this step; 0: none. */
  salt: number;
}

/** The initial decisions of a walk, as numbers. */
export interface Plan {
  limits: number;
  lifetime: number;
  since: number;
  channels: number;
  trouble: number;
  mess: number;
  flags: number;
  /** The version of the server, and whether the client sends heartbeats. */
  version: number;
  salt: number;
}

/** One walk. */
export interface Walk {
  plan: Plan;
  commands: Command[];
}

const MAX_SALT = 2 ** 20;
const MAX_NUMBER = 31;

/** Commands that end promises. A walk has only some of them, or few promises would last. */
const DISRUPTIVE: readonly Kind[] = [
  "cut",
  "freeze",
  "kill",
  "refuse",
  "network",
  "revoke",
  "hide",
  "damage",
  "vouch",
  "disconnect",
  "connect",
  "reset",
  "deny",
  "limits",
  "trouble",
  "stall",
  "release",
];

/** Related channels, as indexes in `CHANNELS`: histories, plain channels, latest values. */
const FAMILIES = [
  [0, 1, 2],
  [0, 1, 2],
  [0, 2],
  [3, 4, 5],
  [6, 7],
  [0, 3, 8],
  [9, 10],
  [9, 10],
];

/** How many of ten channels belong to the walk's family. */
const FAMILY_TENTHS = 8;

/** The progress of shrinking: pieces of `size` have been tried up to `from`. */
interface Progress {
  size: number;
  from: number;
}

/**
 * Lists of exactly `count` commands. Each list has some disruptive commands and prefers a few channels, so that
 * commands meet. Shrinking removes pieces, large ones first, and then simplifies each command. It continues after the
 * last success, which needs far fewer attempts than a restart.
 */
class CommandLists extends fc.Arbitrary<Command[]> {
  constructor(
    readonly kinds: readonly Kind[],
    readonly count: number,
  ) {
    super();
  }

  generate(random: fc.Random): fc.Value<Command[]> {
    const upTo = (most: number): number => random.nextInt(0, most);
    const left = DISRUPTIVE.filter(() => upTo(2) > 0);
    const kinds = this.kinds.filter((kind) => !left.includes(kind));
    const family = FAMILIES[upTo(FAMILIES.length - 1)]!;
    const commands = Array.from({ length: this.count }, (): Command => {
      const kind = kinds[upTo(kinds.length - 1)]!;
      const isFamiliar = CHANNEL_KINDS.includes(kind) && upTo(9) < FAMILY_TENTHS;
      const a = isFamiliar ? family[upTo(family.length - 1)]! : upTo(MAX_NUMBER);
      return { kind, a, b: upTo(MAX_NUMBER), c: upTo(MAX_NUMBER), salt: upTo(MAX_SALT) };
    });
    return new fc.Value(commands, undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Command[] {
    return Array.isArray(value);
  }

  shrink(commands: Command[], context: unknown): fc.Stream<fc.Value<Command[]>> {
    return fc.stream(shorter(commands, context as Progress | undefined));
  }
}

function* shorter(commands: Command[], progress: Progress | undefined): IterableIterator<fc.Value<Command[]>> {
  const { length } = commands;
  let { size, from } = progress ?? { size: Math.ceil(length / 2), from: length };
  for (; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2), from = length)
    for (let start = Math.max(0, from - size); from > 0; from = start, start = Math.max(0, from - size))
      yield new fc.Value([...commands.slice(0, start), ...commands.slice(from)], { size, from: start });
  for (let index = 0; index < length; index += 1)
    for (const simpler of simplerThan(commands[index]!)) {
      // A simpler command may make others redundant.
      yield new fc.Value(commands.with(index, simpler), { size: 1, from: length });
    }
}

function* simplerThan(command: Command): IterableIterator<Command> {
  if (command.kind !== "advance") yield { ...command, kind: "advance" };
  for (const key of ["salt", "c", "b", "a"] as const) {
    const value = command[key];
    if (value > 0) yield { ...command, [key]: 0 };
    if (key !== "salt" && value > 1) yield { ...command, [key]: value >> 1 };
    if (key !== "salt" && value > 1) yield { ...command, [key]: value - 1 };
  }
}

/** Generates walks of `steps` steps. */
export const walks = (steps: number, without: readonly string[] = []): fc.Arbitrary<Walk> => {
  const kinds = KINDS.filter((kind) => !without.includes(kind)).flatMap((kind) =>
    Array<Kind>(WEIGHTS[kind]).fill(kind),
  );
  const number = fc.nat(MAX_NUMBER);
  const plan = fc.record({
    limits: number,
    lifetime: number,
    since: number,
    channels: number,
    trouble: number,
    mess: number,
    flags: number,
    version: number,
    salt: fc.nat(MAX_SALT),
  });
  return fc.record({ commands: new CommandLists(kinds, steps), plan });
};
