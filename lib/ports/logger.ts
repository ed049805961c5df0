/** The logger that the rooms below Nest write to. */
export interface LimeLogger {
  debug(message: string): void;
  log(message: string): void;
  warn(message: string): void;
  /** @param thrown what was thrown, whatever it is; logged with its stack. */
  error(message: string, ...thrown: [error?: unknown]): void;
}
