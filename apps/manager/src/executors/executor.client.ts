import { Readable } from 'node:stream';
import { kubeProblem, type PodStore } from '@warmbox/kube';
import { codeOf, Deadline, dial, MEDIA, ProblemError, type Clock, type DialedAnswer } from '@warmbox/platform';
import {
  endOf,
  executorAddress,
  executorToken,
  isEnded,
  isTerminating,
  nameOf,
  wasEverReady,
  type Pod,
} from '@warmbox/sandbox';
import type { Obituary } from '../tombstones/obituary.js';
import { onceOver } from '../http/answer.js';
import type { Span } from '../tracing/spans.js';
import { accepted, textOf, type BoundAnswer, type Expected, type ExecutorAnswer } from './executor.answer.js';
import type { ExecutorConnections } from './executor.connections.js';
import { ExecutorStopsError, failureOf, isTimeout, lossOf, notReady } from './executor.failure.js';
import { traceExecutorRequest } from './executor.tracing.js';
import { PassingBody } from './passing.body.js';
import type { SandboxVigil } from './sandbox.vigil.js';

/** One request to an executor. */
export interface ExecutorRequest extends Expected {
  /** Path and query. */
  path: string;
  headers: Record<string, string | string[]>;
  /** JSON, or bytes of which `headers` say what they are; they are destroyed where the request fails or is answered before their end. */
  body?: string | Readable;
  /**
   * Milliseconds from the end of the request to the head of the answer, whatever interim answers come before it; to the end of a
   * refusal. A body of bytes takes as long as it takes: who gives it bounds it.
   */
  headTimeoutMs: number;
  /**
   * Instead of that: milliseconds within which the executor says by an interim answer that it lives, from the beginning of the request
   * on. It has a connection of its own then, on which its head does not wait for the first byte of the body.
   */
  interimTimeoutMs?: number;
  /** The answer may be hours away: where the sandbox ends meanwhile the client is told of that, not that it is refused. */
  mayWait?: boolean;
  /** Milliseconds that the answer's body may be silent; 0: as long as it likes. */
  silenceTimeoutMs: number;
  /** Milliseconds that its body may take, unless `unbind` lifts that; absent where the client who waits for it bounds it. */
  bodyTimeoutMs?: number;
  /** The span that it is, of who sends it and ends that; absent: it gets one of its own. */
  span?: Span;
}

type RequestTimes = Pick<ExecutorRequest, 'headTimeoutMs' | 'interimTimeoutMs' | 'bodyTimeoutMs' | 'mayWait'>;

/** What is told of an answer on its way. */
interface Heard {
  interim: () => void;
  head: () => void;
}

type Asking<Answer> = (dialed: Pod, signal: AbortSignal, heard: Heard) => Promise<Answer>;

/** The most of an answer that nobody waits for. */
const ANSWER_MAX_BYTES = 4_096;

/** How long after an executor did not answer its sandbox's status may still tell that it has died, in milliseconds. */
const DEATH_TOLD_MS = 3_000;

/**
 * Requests to the executors of sandboxes, each with an end of its own: whatever listens on a sandbox's port may be in the hands of
 * its guest. It dials any sandbox that has an address, whatever its readiness; only where that
 * fails is the cluster asked what the sandbox is now, so that a manager whose watch is late gives no false answer.
 */
export class ExecutorClient {
  constructor(
    private readonly connections: ExecutorConnections,
    private readonly store: Pick<PodStore, 'confirm'>,
    private readonly vigil: SandboxVigil,
    private readonly obituary: Pick<Obituary, 'of'>,
    private readonly clock: Clock,
  ) {}

  /**
   * @param signal gives the request up, the body included; its reason is what the caller gets.
   * @throws ProblemError not_ready, sandbox_gone, executor_unreachable, executor_timeout, kubernetes_unavailable, the
   *   executor's own refusals, and the signal's reason
   */
  send(pod: Pod, request: ExecutorRequest, signal: AbortSignal): Promise<BoundAnswer> {
    return this.attempt(pod, request, signal, async (outgoing, dialed, until, heard) => {
      const answer =
        request.interimTimeoutMs === undefined
          ? await this.dispatch(dialed, outgoing, until)
          : await this.dial(dialed, outgoing, until, heard.interim);
      heard.head();
      return this.answerOf(answer, request);
    });
  }

  /**
   * Asks for an upgrade to a WebSocket, on a connection of its own. Where the executor agrees the answer has the connection; any other
   * answer is one of `send`.
   *
   * @throws ProblemError as `send`
   */
  upgrade(
    pod: Pod,
    request: ExecutorRequest,
    signal: AbortSignal,
  ): Promise<BoundAnswer & Pick<DialedAnswer, 'socket'>> {
    return this.attempt(pod, request, signal, async (outgoing, dialed, until, heard) => {
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
      const answer = await this.dial(dialed, { ...outgoing, headers: { ...outgoing.headers, ...upgrade } }, until);
      heard.head();
      return answer.socket === undefined ? this.answerOf(answer, request) : answer;
    });
  }

  private async attempt<Answer extends ExecutorAnswer>(
    pod: Pod,
    request: ExecutorRequest,
    signal: AbortSignal,
    ask: (outgoing: ExecutorRequest, ...dialed: Parameters<Asking<Answer>>) => Promise<Answer>,
  ): Promise<Answer & BoundAnswer> {
    const { outgoing, onAnswer, onFailure } = traceExecutorRequest(pod, request);
    const bytes = request.body instanceof Readable ? request.body : undefined;
    try {
      const answer = await this.bounded(pod, bytes, request, signal, (...dialed) => ask(outgoing, ...dialed));
      onAnswer(answer);
      return answer;
    } catch (error) {
      onFailure(error);
      // Whoever gives it need not know how far the request came.
      bytes?.destroy();
      throw error;
    }
  }

  private async bounded<Answer extends ExecutorAnswer>(
    pod: Pod,
    bytes: Readable | undefined,
    { headTimeoutMs, interimTimeoutMs, bodyTimeoutMs, mayWait = false }: RequestTimes,
    signal: AbortSignal,
    ask: Asking<Answer>,
  ): Promise<Answer & BoundAnswer> {
    const dialed = isDialable(pod) ? pod : await this.whatIsNow(pod);
    if (!isDialable(dialed)) throw notReady(dialed);
    const isBound = interimTimeoutMs === undefined && bytes === undefined;
    const deadline = new Deadline(isBound ? headTimeoutMs : interimTimeoutMs, this.clock, signal);
    const bound = (): void => deadline.renew(headTimeoutMs);
    const heard: Heard = {
      interim: () => deadline.renew(interimTimeoutMs),
      // What it refuses with must come to an end, although the body has not been sent.
      head: isBound ? () => undefined : bound,
    };
    if (interimTimeoutMs === undefined) bytes?.once('end', bound);
    try {
      const answer = await ask(dialed, deadline.signal, heard).finally(() => bytes?.off('end', bound));
      deadline.renew(bodyTimeoutMs);
      onceOver(answer.body, () => deadline.release());
      return { ...answer, unbind: () => deadline.renew(undefined) };
    } catch (error) {
      deadline.release();
      signal.throwIfAborted();
      throw await this.explainFailure(deadline.passed ? deadline.signal.reason : error, dialed, signal, mayWait);
    }
  }

  /**
   * Sends a request, and reads its answer to the end, so that it leaves nothing on the connection: for what no client waits for.
   *
   * @param maxBytes an answer that is longer breaks off
   * @throws ProblemError as `send`; executor_timeout, executor_unreachable where the answer breaks off
   */
  async ask(
    pod: Pod,
    request: ExecutorRequest & { bodyTimeoutMs: number },
    signal: AbortSignal,
    maxBytes = ANSWER_MAX_BYTES,
  ): Promise<string> {
    const { body } = await this.send(pod, request, signal);
    try {
      const { text, isWhole } = await textOf(body, maxBytes);
      if (isWhole) return text;
    } catch (error) {
      signal.throwIfAborted();
      throw await this.explainLoss(error, pod);
    }
    throw new ProblemError('executor_unreachable', `The executor answered with more than ${maxBytes} bytes.`);
  }

  /** What a client is told when a body broke off with this error. */
  async explainLoss(error: unknown, pod: Pod): Promise<ProblemError> {
    if (error instanceof ProblemError) return error;
    const isStopping = error instanceof ExecutorStopsError;
    // One that was silent for so long is not waited for any longer.
    const { is, pod: now } = await (isTimeout(error) ? this.vigil.look(pod) : this.vigil.keep(pod, { isStopping }));
    return is === 'over' || is === 'gone' ? this.obituary.of(now, error) : lossOf(error, nameOf(pod));
  }

  /** What a client is told when its request met this error instead of an answer. */
  private async explainFailure(
    error: unknown,
    pod: Pod,
    signal: AbortSignal,
    mayHaveWaited: boolean,
  ): Promise<ProblemError> {
    if (error instanceof ProblemError) return error;
    const isStopping = error instanceof ExecutorStopsError;
    // A new sandbox may not listen yet; one that was Ready and refuses has ended.
    const isNew = codeOf(error) === 'ECONNREFUSED' && !wasEverReady(pod);
    // One that died before it answered: its status may be about to tell.
    const withinMs = isTimeout(error) ? DEATH_TOLD_MS : undefined;
    const { is, pod: now } = await (isNew
      ? this.vigil.look(pod)
      : this.vigil.keep(pod, { isStopping, signal, withinMs }));
    signal.throwIfAborted();
    if (is === 'gone') return this.obituary.of(now, error);
    // What was begun has ended with its sandbox; what was not is refused.
    const isLate = !mayHaveWaited && (isStopping || isTerminating(now));
    if (isLate || codeOf(error) === 'ECONNREFUSED') return notReady(now, error);
    return is === 'over' ? this.obituary.of(now, error) : failureOf(error, nameOf(pod));
  }

  private async answerOf(answer: ExecutorAnswer, request: ExecutorRequest): Promise<ExecutorAnswer> {
    const { status } = answer;
    if ((status === 401 || status === 503) && !request.accepts(answer)) {
      const refusal: unknown = await accepted(answer, request).catch((error: unknown) => error);
      answer.body.destroy();
      if (refusal instanceof ProblemError && refusal.code === 'overloaded') throw refusal;
      // 503: the sandbox ends. 401: it has ended, and its address is another's who does not know its token.
      const words = `the executor answered ${status}`;
      throw status === 503 ? new ExecutorStopsError(words) : new Error(words);
    }
    return accepted(answer, request);
  }

  /** On a connection of its own; a body is one of bytes. */
  private dial(
    pod: Pod,
    { method, path, headers, media, body }: ExecutorRequest,
    signal: AbortSignal,
    onInterim?: () => void,
  ): Promise<DialedAnswer> {
    return dial({
      ...endpointOf(pod),
      method,
      path,
      headers: { ...headers, ...(media === undefined ? {} : { accept: media }), ...tokenOf(pod) },
      body: body instanceof Readable ? body : undefined,
      signal,
      onInterim,
    });
  }

  private async dispatch(pod: Pod, request: ExecutorRequest, signal: AbortSignal): Promise<ExecutorAnswer> {
    const { host, port } = endpointOf(pod);
    const { media } = request;
    const json = typeof request.body === 'string' ? new PassingBody(request.body) : undefined;
    const { statusCode, ...answer } = await this.connections.request(
      { uid: pod.metadata?.uid ?? nameOf(pod), host, port },
      {
        method: request.method,
        path: request.path,
        headers: {
          ...request.headers,
          ...(media === undefined ? {} : { accept: media }),
          ...tokenOf(pod),
          ...(json === undefined ? {} : { 'content-type': MEDIA.json, 'content-length': String(json.length) }),
        },
        body: json ?? request.body,
        // The whole request has one deadline: undici's starts again with each interim answer.
        headersTimeout: 0,
        bodyTimeout: request.silenceTimeoutMs,
        signal,
      },
    );
    return { status: statusCode, ...answer };
  }

  /** The sandbox as the cluster has it, where it makes the difference. */
  private async whatIsNow(pod: Pod): Promise<Pod> {
    const now = await this.store.confirm(nameOf(pod)).catch((error: unknown) => {
      throw kubeProblem(error);
    });
    if (now === undefined) throw await this.obituary.of(pod);
    return now;
  }
}

function isDialable(pod: Pod): boolean {
  // The address of a pod that has ended may be another's already.
  return !isEnded(pod) && endOf(pod) === undefined && executorAddress(pod) !== undefined;
}

function endpointOf(pod: Pod): { host: string; port: number } {
  return executorAddress(pod) ?? { host: '', port: 0 };
}

function tokenOf(pod: Pod): { authorization?: string } {
  const token = executorToken(pod);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
