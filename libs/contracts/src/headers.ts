/** The headers of our own and of Kubernetes' world that clients and servers of the API agree on, as HTTP/2 writes them. */
export const HEADER = {
  /** Names a request in logs and problem documents. */
  requestId: 'x-request-id',
  apiKey: 'x-api-key',
  idempotencyKey: 'idempotency-key',
  /** The execution that an answer is about. */
  executionId: 'x-execution-id',
  /** The sandbox that a run's answer is about. */
  sandboxName: 'x-sandbox-name',
  /** Where a stream of events goes on. */
  lastEventId: 'last-event-id',
  /** Between an executor and its manager: the answer is a server's inside the sandbox, not the executor's own. */
  relayed: 'x-warmbox-relayed',
} as const;
