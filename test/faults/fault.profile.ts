/** How much of everything: the same specs run for a minute in `npm test`, for minutes in CI and whole when figures are wanted. */
export interface FaultProfile {
  /** How many clients go on while it happens. */
  clients: number;
  /** How long each keeps a sandbox beside its command, in milliseconds: what they do in between costs the same machine its time. */
  keepsMs: number;
  /** How often the leader is killed, with a lease of 5 s; and once more with one of 15 s, or not. */
  kills: number;
  killsAt15s: number;
  terminations: number;
  /** How often the leader is stopped past its lease and continued. */
  freezes: number;
  apiRestarts: number;
  /** How long the API server is away, in seconds. */
  apiDownSeconds: number;
  /** How long each kind of cut, and each kind of storm, goes on, in seconds. */
  cutSeconds: number;
  stormSeconds: number;
  /** How long the leader's watches say nothing, in seconds. */
  stallSeconds: number;
  allocations: number;
  /** Whether the promised times are held against what was measured: not where other suites run at the same time. */
  isTimed: boolean;
}

const PROFILES: Record<string, FaultProfile> = {
  full: {
    clients: 4,
    keepsMs: 0,
    kills: 50,
    killsAt15s: 1,
    terminations: 5,
    freezes: 3,
    apiRestarts: 2,
    apiDownSeconds: 5,
    cutSeconds: 12,
    stormSeconds: 15,
    stallSeconds: 40,
    allocations: 10_000,
    isTimed: true,
  },
  short: {
    clients: 4,
    keepsMs: 0,
    kills: 6,
    killsAt15s: 1,
    terminations: 2,
    freezes: 1,
    apiRestarts: 1,
    apiDownSeconds: 5,
    cutSeconds: 5,
    stormSeconds: 4,
    stallSeconds: 5,
    allocations: 1_000,
    isTimed: true,
  },
  least: {
    clients: 2,
    keepsMs: 500,
    kills: 2,
    killsAt15s: 0,
    terminations: 1,
    freezes: 1,
    apiRestarts: 1,
    apiDownSeconds: 2,
    cutSeconds: 2,
    stormSeconds: 2,
    stallSeconds: 2,
    allocations: 200,
    isTimed: false,
  },
};

/** FAULTS names one: `full`, `short`, or `least`, which is the default. */
export const PROFILE: FaultProfile = profileOf(process.env.FAULTS ?? 'least');

function profileOf(name: string): FaultProfile {
  const profile = PROFILES[name];
  if (profile === undefined) throw new Error(`FAULTS must be one of ${Object.keys(PROFILES).join(', ')}, not ${name}.`);
  return profile;
}
