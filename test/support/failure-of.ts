type ErrorClass<Failure> = abstract new (...args: never[]) => Failure;

/** The error of the work, which must be of this class. */
export async function failureOf<Failure extends Error>(
  type: ErrorClass<Failure>,
  work: Promise<unknown>,
): Promise<Failure> {
  const outcome: unknown = await work.then(
    (value: unknown) => ({ value }),
    (error: unknown) => error,
  );
  if (outcome instanceof type) return outcome;
  throw new Error(`Expected ${type.name}`, { cause: outcome });
}
