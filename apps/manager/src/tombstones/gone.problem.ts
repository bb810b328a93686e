import { GONE_CAUSES, type GoneCause } from '@warmbox/contracts';
import { ProblemError } from '@warmbox/platform';
import { STORAGE } from '@warmbox/sandbox';

/** What is known of a sandbox's end. */
export interface Gone {
  name: string;
  /** undefined where it is gone and nothing tells why. */
  cause?: GoneCause;
  /** What Kubernetes said of it. */
  message?: string;
  /** When, in milliseconds since the epoch, where that is known. */
  goneAt?: number;
}

/** What whoever used it can do better with the next one. */
const ADVICE: Partial<Record<GoneCause, string>> = {
  oom_killed: ' Create one with more memory (resources.limits.memoryMi), or use less.',
  disk_full: ` /workspace holds ${STORAGE.workspace}, /tmp ${STORAGE.tmp}, and all of its disk ${STORAGE.limit}: write less, or elsewhere.`,
};

/** What a client is told of a sandbox that is gone: `cause` and `message` for programs, and a sentence. */
export function goneProblem({ name, cause, message, goneAt }: Gone, reason?: unknown): ProblemError {
  const since = goneAt === undefined ? '' : ` since ${new Date(goneAt).toISOString()}`;
  const said = message === undefined || message === '' ? '' : ` (${message})`;
  const why = cause === undefined ? '' : ` (${cause}): ${GONE_CAUSES[cause]}${said}`;
  const advice = cause === undefined ? '' : (ADVICE[cause] ?? '');
  return new ProblemError('sandbox_gone', `Sandbox ${name} is gone${since}${why}.${advice}`, {
    members: { cause, message: said === '' ? undefined : message },
    cause: reason,
  });
}
