import type { Member } from "push-it-client";

/** Who came to a channel, or left it, and when: in milliseconds since 1970. */
export interface Coming {
  came: boolean;
  member: Member;
  at: number;
}

/** Who is on a channel, as far as this page knows. */
export interface Here {
  members: Member[];
  /** The last who came or left. */
  last?: Coming;
}

/** What is known of one channel. */
interface Known {
  members: Map<string, Member>;
  last?: Coming;
  /** What was told since the question under way was asked: its answer may be older. */
  since?: Coming[] | undefined;
}

/** Who is there, by channel: a list that was asked for, and who came and left since. */
export class Attendance {
  readonly #channels = new Map<string, Known>();

  /** Who is on the channel; `undefined` where nobody asked. */
  of(channel: string): Here | undefined {
    const known = this.#channels.get(channel);
    return known && { members: [...known.members.values()], ...(known.last && { last: known.last }) };
  }

  /** The page asks who is there. */
  asked(channel: string): void {
    this.#channels.set(channel, { members: new Map(), ...this.#channels.get(channel), since: [] });
  }

  /** The answer: whoever is not in it has left, unless it came since. */
  answered(channel: string, members: readonly Member[]): void {
    const known = this.#channels.get(channel);
    if (!known) return;
    known.members = new Map(members.map((member) => [member.agent, member]));
    for (const coming of known.since ?? []) apply(known, coming);
    known.since = undefined;
  }

  /** Somebody came, or left. */
  changed(channel: string, coming: Coming): void {
    const known = this.#channels.get(channel);
    if (!known) return;
    known.since?.push(coming);
    known.last = coming;
    apply(known, coming);
  }

  /** The page is on the channel no more, and does not hear who is. */
  left(channel: string): void {
    this.#channels.delete(channel);
  }
}

const apply = ({ members }: Known, { came, member }: Coming): void => {
  if (came) members.set(member.agent, member);
  else members.delete(member.agent);
};
