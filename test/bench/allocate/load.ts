/** What came of one call. */
export interface Attempt {
  /** From the call to its outcome, in milliseconds. */
  ms: number;
  /** `ok`, or the code of the failure. */
  result: string;
  /** The pod that was given. */
  pod?: string;
  /** Whom it was given to. */
  user?: string;
}

/** What came of many. */
export interface Run {
  attempts: Attempt[];
  /** From the first call to the last outcome. */
  seconds: number;
}

/** Makes one call for this user, who calls only once. */
export type Call = (user: string, client: number) => Promise<{ result: string; pod?: string }>;

let users = 0;

/** So many clients, each with one call at a time, until so many calls were made or no more are begun. */
export async function drive(
  { clients, calls, forMs = Infinity }: { clients: number; calls: number; forMs?: number },
  call: Call,
): Promise<Run> {
  const attempts: Attempt[] = [];
  let begun = 0;
  const startedAt = performance.now();
  const client = async (_: unknown, index: number): Promise<void> => {
    while (begun < calls && performance.now() - startedAt < forMs) {
      begun += 1;
      users += 1;
      const user = `user-${process.pid}-${users}@example.org`;
      const calledAt = performance.now();
      const outcome = await call(user, index);
      attempts.push({ ...outcome, user, ms: performance.now() - calledAt });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { attempts, seconds: (performance.now() - startedAt) / 1000 };
}
