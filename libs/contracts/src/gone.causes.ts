/** Why a sandbox is gone, with the sentence that clients are told. The list may grow: clients take it as an open one. */
export const GONE_CAUSES = {
  deleted: 'a request deleted it',
  idle: 'it was idle for as long as it may be',
  lifetime: 'its lifetime was over',
  completed: 'its run was over, or its executor ended',
  failed: 'its executor failed',
  oom_killed: 'it ran out of memory',
  disk_full: 'it wrote more to its disk than it may',
  evicted: 'its node evicted it, or it had to make room',
  never_ready: 'it did not become ready in time',
  unreachable: 'its executor did not answer any more',
  discarded: 'nobody was given it',
  removed: 'it was removed from the cluster by others',
} as const;

export type GoneCause = keyof typeof GONE_CAUSES;

/** The same for the OpenAPI document. */
export const GONE_CAUSES_TEXT = `One of ${Object.keys(GONE_CAUSES)
  .map((cause) => `\`${cause}\``)
  .join(', ')}; there may be others in time.`;
