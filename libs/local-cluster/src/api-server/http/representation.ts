import { StatusError } from '../status.error.js';

/** Objects as they are, or as the table that `kubectl get` prints. */
export type Representation = 'json' | 'table';

/** What the first range of `Accept` that can be served asks for. */
export function representationOf(accept: string | undefined): Representation {
  const ranges = (accept?.trim() || '*/*').split(',');
  for (const range of ranges) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== '*/*') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='));
    if (as === undefined) return 'json';
    if (as === 'as=Table' && parameters.includes('v=v1')) return 'table';
  }
  throw new StatusError(406, 'NotAcceptable', '406: Not Acceptable\n\nAvailable representations: application/json', {});
}
