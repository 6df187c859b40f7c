/** A command line that cannot be meant: reported in one line, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
