import { UserError } from "../../../local/core/user-error.js";

/** Open files of a process without the connections: pipes, DynamoDB connections, modules. */
const OTHER_FILES = 500;

/** Maximum open files of a process of this user. Node raises its own limit to this when it starts. */
export const maxOpenFiles = (): number => {
  const report = process.report as { getReport(): unknown; excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { hard?: number | string } } };
  const hard = Number(userLimits?.open_files?.hard ?? NaN);
  return Number.isNaN(hard) ? Infinity : hard;
};

/**
 * Checks that a process can hold so many connections.
 * @param limit its maximum open files
 * @throws UserError if it cannot, with the command that permits it
 */
export const assertFileLimit = (connections: number, limit = maxOpenFiles()): void => {
  const needed = connections + OTHER_FILES;
  if (limit >= needed) return;
  throw new UserError(
    `${connections} connections take ${needed} open files in one process, and this user may open ${limit}.`,
    `Allow them with "ulimit -n ${needed}" (as root, or in /etc/security/limits.conf), or ask for fewer: --connections ${Math.max(1, limit - OTHER_FILES)}.`,
  );
};
