/** Longest text of one fault: the value that it shows can be of any length. */
const MAX_FAULT = 180;

/** Takes what is wrong with one option, without its name: `must be a string`. */
export type Report = (predicate: string) => void;

/** Checks the value of one option. @returns the value to use, or after a report anything of its type. */
export type OptionRule<Value> = (given: unknown, report: Report) => Value;

type Rules = Record<string, OptionRule<unknown>>;
type Checked<Given extends Rules> = { [Name in keyof Given]: ReturnType<Given[Name]> };

/**
 * Checks every option by its rule and names the options that have none.
 * @returns the values to use, and a text for each fault; redact the faults before you show them, then {@link shorten} them.
 */
export function checkOptions<Given extends Rules>(
  options: unknown,
  rules: Given,
): { values: Checked<Given>; faults: string[] } {
  const faults: string[] = [];
  // A string in this place may be a secret, so only its type is shown.
  if (!isObject(options)) faults.push(`the options must be an object, got ${typeof options}`);
  const given = isObject(options) ? options : {};
  const values = Object.entries(rules).map(([name, rule]): [string, unknown] => [
    name,
    rule(Reflect.get(given, name), (predicate) => faults.push(`${name} ${predicate}`)),
  ]);
  for (const name of Object.keys(given)) {
    const isKnown = Object.hasOwn(rules, name) || Reflect.get(given, name) === undefined;
    if (!isKnown) faults.push(`${name} is not an option`);
  }
  return { values: Object.fromEntries(values) as Checked<Given>, faults };
}

/** @param byDefault `undefined` for a required option. */
export function wholeNumber(
  byDefault: number | undefined,
  min: number,
  max: number,
): OptionRule<number> {
  return (given, report) => {
    const value = given ?? byDefault;
    const fits =
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    if (fits) return value;
    report(`must be a whole number from ${min} to ${max}, got ${show(given)}`);
    return byDefault ?? min;
  };
}

export function trueOrFalse(byDefault: boolean): OptionRule<boolean> {
  return (given, report) => {
    const value = given ?? byDefault;
    if (typeof value === 'boolean') return value;
    report(`must be true or false, got ${show(given)}`);
    return byDefault;
  };
}

export function oneOf<Choice extends string>(
  byDefault: Choice,
  choices: readonly Choice[],
): OptionRule<Choice> {
  return (given, report) => {
    const chosen = choices.find((choice) => choice === (given ?? byDefault));
    if (chosen !== undefined) return chosen;
    report(`must be ${choices.join(' or ')}, got ${show(given)}`);
    return byDefault;
  };
}

/** Accepts what `fits`; reports the predicate otherwise. */
export function optional<Value>(
  fits: (given: unknown) => boolean,
  predicate: string,
): OptionRule<Value | undefined> {
  return (given, report) => {
    if (given !== undefined && !fits(given)) report(predicate);
    return given as Value | undefined;
  };
}

export function hasMethod(value: unknown, method: string): boolean {
  return isObject(value) && typeof Reflect.get(value, method) === 'function';
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Writes a value that was given into the text of an error. Never converts an object: its `toString` may throw. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  return isObject(value) ? 'an object' : String(value);
}

/** Cuts a long fault. Comes after the redaction, because half a secret is a secret too. */
export function shorten(fault: string): string {
  return fault.length > MAX_FAULT ? `${fault.slice(0, MAX_FAULT)}…` : fault;
}

/** A DNS name or an address, as a URL has it. */
const HOSTNAME = /^(?:[\w.-]+|\[[\da-f:.]+\])$/;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * Finds the host name in a URL, or in a host with or without a port.
 * @returns in the spelling of URLs, which is lower case; `undefined` without one. A text that is exactly a host name comes back unchanged.
 */
export function hostnameIn(text: string): string | undefined {
  const url = SCHEME.test(text) ? text : `https://${text}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return HOSTNAME.test(hostname) ? hostname : undefined;
}
