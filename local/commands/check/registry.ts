import { account } from "./account/check.js";
import { leftovers } from "./server/leftovers.js";
import { publisher } from "./server/publisher.js";
import { revocation } from "./server/revocation.js";
import type { Check } from "./check.js";
import { answers } from "./checks/answers.js";
import { cleanup } from "./checks/cleanup.js";
import { delivery } from "./checks/delivery.js";
import { denial } from "./checks/denial.js";
import { echo } from "./checks/echo.js";
import { exactlyOnce } from "./checks/exactly-once.js";
import { handshake } from "./checks/handshake.js";
import { history } from "./checks/history.js";
import { latest } from "./checks/latest.js";
import { once } from "./checks/once.js";
import { orderAcrossFrames, orderInFrame } from "./checks/order.js";
import { ping } from "./checks/ping.js";
import { presence } from "./checks/presence.js";
import { recovery } from "./checks/recovery.js";
import { sizes } from "./checks/sizes.js";
import { unsubscription } from "./checks/unsubscription.js";
import { wildcards } from "./checks/wildcards.js";

/** The checks for a client without AWS credentials, in the order of the output. */
export const CHECKS: readonly Check[] = [
  handshake,
  denial,
  ping,
  answers,
  delivery,
  once,
  orderInFrame,
  orderAcrossFrames,
  echo,
  sizes,
  wildcards,
  latest,
  history,
  recovery,
  exactlyOnce,
  presence,
  unsubscription,
  cleanup,
];

/** The checks that need AWS credentials, by the option that requests them. */
export const AWS_CHECKS: readonly { option: "publisher" | "table" | "account"; check: Check }[] = [
  { option: "publisher", check: publisher },
  { option: "publisher", check: revocation },
  { option: "table", check: leftovers },
  { option: "account", check: account },
];

/** All checks, in the order in which they are printed. */
export const ALL_CHECKS: readonly Check[] = [...CHECKS, ...AWS_CHECKS.map(({ check }) => check)];
