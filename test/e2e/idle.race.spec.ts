import { waitFor } from '@warmbox/testing';
import { AnsweredProblem, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

/** How many commands are sent at the moment of an idle removal, and how many of them at once: each has a sandbox of its own, whose start is what they cost. */
const RACES = Number(process.env.IDLE_RACES ?? 12);
const AT_ONCE = Math.min(RACES, 40);

/** The shortest idle time-out that can be asked for, in seconds. */
const IDLE_SECONDS = 10;

/** The commands are spread over the time in which the removal comes, in milliseconds from the end of the idle time-out. */
const FROM_MS = -300;
const SPREAD_MS = 750;

/** From how many races on it must have happened that a command ran and that one was refused: few may all come too early or too late. */
const TELLING = 200;

/** What a client may be told instead of a result. */
const REFUSALS = ['conflict', 'not_ready', 'sandbox_gone'];

describe('a command at the moment of an idle removal', () => {
  let system: LocalSystem;
  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2, environment: { MAX_TOTAL_CONTAINERS: '150' } });
  });
  afterAll(() => system.stop());

  /** One race, through either manager; answers how it ended. */
  async function race(index: number): Promise<string> {
    const [first, second] = system.clients as [WarmboxClient, WarmboxClient];
    const { name } = await first.create({});
    // Whatever its start took beside all the others, its idle time begins here.
    await first.json('PATCH', `/api/kata/${name}`, { idleTimeoutSeconds: IDLE_SECONDS });
    await first.execute(name, { command: 'true' });
    const at = Date.now() + IDLE_SECONDS * 1000 + FROM_MS + (SPREAD_MS * (index % AT_ONCE)) / AT_ONCE;
    await new Promise((resolve) => setTimeout(resolve, at - Date.now()));
    try {
      // A stream, because its head tells whether the command was accepted; long enough to be cut short if the sandbox went under it.
      const { events } = await (index % 2 === 0 ? first : second).executeStreaming(name, {
        command: 'sleep 1; echo whole',
      });
      const all = await Array.fromAsync(events, ({ event, data }) => `${event} ${data}`);
      const isWhole = all.length === 2 && all[0]?.includes('whole') && all[1]?.includes('"exitCode":0');
      return isWhole ? 'ran' : `lost: ${all.join(', ')}`;
    } catch (error) {
      if (!(error instanceof AnsweredProblem)) throw error;
      // What has refused a command goes: it is not left behind sealed.
      await waitFor(`${name} is gone`, () => first.fetch('GET', `/api/kata/${name}`), { status: 410 });
      return error.problem.code;
    }
  }

  it(
    `runs to its end or is refused with a code, ${RACES} of ${RACES}`,
    async () => {
      const outcomes: string[] = [];
      for (let begun = 0; begun < RACES; begun += AT_ONCE) {
        const round = Array.from({ length: Math.min(AT_ONCE, RACES - begun) }, (_, index) => race(begun + index));
        outcomes.push(...(await Promise.all(round)));
      }
      const tally = Object.fromEntries(
        [...Map.groupBy(outcomes, (outcome) => outcome)].map(([outcome, all]) => [outcome, all.length]),
      );
      if (process.env.IDLE_RACES !== undefined) process.stdout.write(`${JSON.stringify(tally)}\n`);
      expect(Object.keys(tally).filter((outcome) => outcome !== 'ran' && !REFUSALS.includes(outcome))).toEqual([]);
      expect(outcomes).toHaveLength(RACES);
      if (RACES < TELLING) return;
      // Both happen, or the moment was missed.
      expect(tally.ran).toBeGreaterThan(0);
      expect(tally.ran).toBeLessThan(RACES);
    },
    120_000 + RACES * 1_000,
  );
});
