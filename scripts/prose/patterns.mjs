// The patterns that make English hard to read, each with what to write instead. CONTRIBUTING.md names the rules.

/** Marks a piece of code in a sentence. It stands for one word. */
export const CODE = "\uE000";

const TELL = "write send, notify, report, return or say (for tell apart: distinguish)";
const NAME_THE_ACTOR = "name the actor: which client, function or person?";
const NOUN = "use a noun instead of the pronoun";
const IF = "write if or when (or name the place)";
const FREE_RELATIVE = "start with the actor: a noun, then its verb";

/** Verbs whose question is an indirect one: "says what is wrong" and "decides who connects" are right English. */
const ASKING =
  "(?:say|says|said|state|states|see|sees|show|shows|explain|explains|know|knows|known|ask|asks|asked|describe|describes|decide|decides|" +
  "check|checks|find|finds|list|lists|compare|compares|matter|matters|regardless of|of|on|about|out|in)";

export const PATTERNS = [
  { pattern: /\b(?:nobody|somebody)\b/gi, hint: NAME_THE_ACTOR },
  { pattern: /\b(?:whoever|whomever|whom)\b/gi, hint: NAME_THE_ACTOR },
  { pattern: /\b(?:(?:those|ones?) (?:that|who|which|whose)|(?:all|each|any) who)\b/gi, hint: NOUN },
  { pattern: /\b(?:tells?|telling|told)\b/gi, hint: TELL },
  { pattern: /\b(?:hears?|hearing|heard)\b/gi, hint: "write receive, learn or get" },
  { pattern: /\b(?:gives?|gave|given|giving) up\b/gi, hint: "write stop, fail, close or drop" },
  { pattern: /\b(?:bury|buries|buried|burying)\b/gi, hint: "write remove, delete or terminate" },
  { pattern: /\bbeside\b/gi, hint: "write next to, as well as or in addition to" },
  {
    pattern: new RegExp(
      String.raw`(?<!\b(?:there|here)(?: \w+)? )\b(?:is|are|was|were) no (?!longer|matter|more|less|fewer|\w+er than)`,
      "gi",
    ),
    hint: 'write "is not a …" or "does not …"',
  },
  {
    pattern: new RegExp(String.raw`(?<!\b${ASKING} )\bwhat (?:is|are|was|were|has|had)\b(?=[^?]*$)`, "g"),
    hint: "write the noun that stands for it",
  },
  { pattern: /^What\b(?=[^?]*$)/g, hint: FREE_RELATIVE, heading: false },
  { pattern: /^Whose\b(?=[^?]*$)/g, hint: FREE_RELATIVE, heading: false },
  {
    pattern: /(?:^Who|\b(?:than|as|for|to|with|from|by|like|if|but|while|because) who|[:;—] who)\b(?=[^?]*$)/g,
    hint: NAME_THE_ACTOR,
    heading: false,
  },
  { pattern: /^Where\b(?=[^?]*$)/g, hint: IF, heading: false },
  { pattern: /^where\b/g, hint: IF },
  { pattern: new RegExp(`(?:${CODE},?|\\b(?:throws|nothing|none|except|even)) where\\b`, "gi"), hint: IF },
  {
    pattern:
      /\bwhere (?:nothing|nobody|none|there (?:is|are)|(?:that|those) (?:is|are|was|were|has|have|can|may|cannot|could))\b/gi,
    hint: IF,
  },
  {
    pattern:
      /^(?:(?!Speed|Need|Seed|Feed|Indeed)[A-Z][a-z]+ed|Told|Kept|Left|Sent|Given|Read|Written|Known|Lost|Held) (?:is|are|was|were)\b/g,
    hint: FREE_RELATIVE,
  },
  {
    pattern: /\b(?:thereof|whereof|thereto|whereupon|hereby|herein|therein|thence|wherein)\b/gi,
    hint: "write a plain word",
  },
];
