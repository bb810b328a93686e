import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { isDropped, MEDIA, ProblemError, type Clock, type Media } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { EventRelay } from './event.relay.js';
import type { ExecutionMetrics } from './execution.metrics.js';
import { ExecutionWatch } from './execution.watch.js';
import { executionIdOf } from './execution.id.js';
import { firstByteOf, headersOf } from './execution.answer.js';
import { hasDisconnected, type Caller } from '../http/caller.js';
import { NO_CONTENT, onceOver, type Answer } from '../http/answer.js';
import { textOf, type BoundAnswer, type ExecutorAnswer } from '../executors/executor.answer.js';
import type { ExecutionRequest } from './execution.requests.js';
import type { ExecutorClient } from '../executors/executor.client.js';
import type { DisconnectNotice } from './disconnect.notice.js';
import type { OpenStreams } from '../executors/open.streams.js';

/** The most of an execution: 4,096 characters of its command, of which each may be an escape. */
const EXECUTION_MAX_BYTES = 65_536;

/** How long a client that has left is waited for the id of what it started, in milliseconds. */
const ID_TIMEOUT_MS = 5_000;

/**
 * Attaches clients to executions, new ones and those that run. From then on a client's leaving is the executor's business:
 * whatever the moment, the connection is cut and the executor told. Not so where the stream is over, was lost, or ends
 * because this process does: then the client is expected back.
 */
export class ExecutionAttacher {
  private readonly logger = new Logger(ExecutionAttacher.name);

  constructor(
    private readonly client: Pick<ExecutorClient, 'explainLoss' | 'send'>,
    private readonly streams: OpenStreams,
    private readonly notice: DisconnectNotice,
    private readonly clock: Clock,
    private readonly metrics: ExecutionMetrics,
  ) {}

  /**
   * @param id the execution's, where it is not a new one.
   * @returns undefined where the client has left meanwhile.
   * @throws ProblemError what the client is told
   */
  async attach(pod: Pod, request: ExecutionRequest, caller: Caller, id?: string): Promise<Answer | undefined> {
    if (hasDisconnected(caller)) return undefined;
    const watch = id === undefined ? new ExecutionWatch(pod, this.metrics, this.clock) : undefined;
    const stream = this.streams.open(pod);
    // Who leaves before the answer may have started something, and only the answer tells its id.
    const idUnknown = new ProblemError(
      'executor_timeout',
      'A client left, and the executor did not tell the id of what it started, which ends after relayLossGraceSeconds.',
    );
    const onLeft = (): void => void this.clock.after(ID_TIMEOUT_MS, () => stream.end(idUnknown));
    caller.disconnected.addEventListener('abort', onLeft, { once: true });
    try {
      const answer = await this.client.send(pod, { ...request, span: watch?.span }, stream.signal);
      caller.disconnected.removeEventListener('abort', onLeft);
      onceOver(answer.body, () => stream.close());
      if (answer.status === 204) return NO_CONTENT;
      if (answer.status === 202) return await this.started(answer, watch);
      return this.pass(pod, answer, request.media, caller, id ?? executionIdOf(answer.headers), watch);
    } catch (error) {
      stream.close();
      if (!hasDisconnected(caller)) {
        watch?.refused(error);
        throw error;
      }
      watch?.left();
      if (error === idUnknown)
        this.logger.warn({ sandbox: pod.metadata?.name, requestId: caller.requestId }, idUnknown.detail);
      return undefined;
    }
  }

  /** A detached execution, which needs no reader; that nobody hears of it any more ends nothing. */
  private async started({ body, headers: sent }: ExecutorAnswer, watch?: ExecutionWatch): Promise<Answer> {
    const executionId = executionIdOf(sent);
    const { text, isWhole } = await textOf(body, EXECUTION_MAX_BYTES);
    if (!isWhole || executionId === undefined) {
      throw new ProblemError('executor_unreachable', 'The executor answered with what is no execution.');
    }
    watch?.began(executionId);
    watch?.detached();
    // Relative to the URL that was asked, whatever prefix a proxy has put before it.
    const headers = { ...headersOf(MEDIA.json, executionId), location: `executions/${executionId}` };
    return { status: 202, headers, body: Readable.from([text]) };
  }

  private pass(
    pod: Pod,
    { body, unbind }: BoundAnswer,
    media: Media,
    caller: Caller,
    executionId: string | undefined,
    watch: ExecutionWatch | undefined,
  ): Answer | undefined {
    if (executionId === undefined) {
      body.destroy();
      throw new ProblemError('executor_unreachable', 'The executor answered without the id of the execution.');
    }
    watch?.began(executionId);
    let isOver = false;
    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      body.destroy();
      watch?.left();
      this.notice.tell(pod, executionId, { requestId: caller.requestId });
    };
    body.once('end', () => (isOver = true));
    // Lost, or ended by us for a reason; a body that was merely dropped is how a client's leaving may begin.
    body.once('error', (error) => (isOver ||= !isDropped(error)));
    if (hasDisconnected(caller)) {
      leave();
      return undefined;
    }
    caller.disconnected.addEventListener('abort', leave, { once: true });
    const headers = headersOf(media, executionId);
    const explain = (error: unknown): Promise<ProblemError> => this.client.explainLoss(error, pod);
    if (media !== MEDIA.json) {
      return { status: 200, headers, body: new EventRelay(body, media, explain, watch?.ofStream(media)) };
    }
    // The command is bounded: how fast a client takes its result is the client's business. Not awaited here: what it waits for may be
    // hours away, and until then nobody shall hold the request.
    const begins = firstByteOf(body).then(
      (head) => {
        unbind();
        watch?.answered(head);
      },
      async (error: unknown) => {
        if (isDropped(error)) throw error;
        const problem = await explain(error);
        watch?.lost(problem);
        throw problem;
      },
    );
    return { status: 200, headers, body, begins };
  }
}
