/** The logger that the rooms below Nest write to. */
export interface LimeLogger {
  /** What only matters while one looks for a fault. */
  debug(message: string): void;
  /** The edges of a lifecycle. */
  log(message: string): void;
  /** What heals, or harms one login. */
  warn(message: string): void;
  /**
   * What a person should see to.
   * @param thrown what was thrown, whatever it is; logged with its stack.
   */
  error(message: string, ...thrown: [error?: unknown]): void;
}
