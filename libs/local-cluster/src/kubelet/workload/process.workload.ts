import type { KubeLog } from '@warmbox/kube';
import type { Clock, Gate } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aborted, isAborted } from '../abort.js';
import { CANNOT_START, type Container } from '../isolation/isolation.js';
import type { KubeletMachine } from '../kubelet.machine.js';
import type { PodAddress } from '../network/pod.network.js';
import { environmentOf } from '../pod/pod.environment.js';
import { PodFolder } from '../pod/pod.folder.js';
import { LOST, terminated, type ContainerPhase } from '../pod/pod.status.js';
import { ExecutorService } from './executor.service.js';
import { givenOpenFiles } from './open.files.js';
import type { Workload, WorkloadControl } from './workload.js';

/** The fewest that an executor takes. */
const LEAST_OPEN_FILES = 512;

/** Commands get the soft limit of open files that whoever started this process was given: a child of Node has the hard one. */
const OPEN_FILES = openFilesVariable(givenOpenFiles());

/** How long a container that starts may keep others waiting, in milliseconds. */
const START_TURN_MS = 3_000;

/** A pod whose container is a process on this machine: its folders, its address, its process, its readiness. */
export class ProcessWorkload implements Workload {
  /** @param folder the pod's own folder; it is made and removed here. */
  constructor(
    private readonly folder: string,
    private readonly command: readonly string[],
    private readonly machine: Pick<KubeletMachine, 'isolation' | 'network' | 'users'>,
    /** Of many that start at once a few go first: all together would all be as late as the last one. */
    private readonly starts: Gate,
    private readonly clock: Clock,
    private readonly log: KubeLog,
  ) {}

  async run(control: WorkloadControl): Promise<ContainerPhase> {
    let address: PodAddress | undefined;
    let folder: PodFolder | undefined;
    const user = this.machine.users.take();
    try {
      address = this.machine.network.allocate(control.pod);
      folder = await PodFolder.create(this.folder, control.pod, user);
      control.report({ podIP: address.host, isPrepared: true });
      return await this.runContainer(control, folder, address);
    } catch (error) {
      this.log.warn({ err: error, pod: control.pod.metadata?.name }, 'a pod could not be run');
      const message = error instanceof Error ? error.message : String(error);
      return { phase: 'terminated', exitCode: CANNOT_START, reason: 'ContainerCannotRun', message };
    } finally {
      await folder?.remove().catch((error: unknown) => {
        this.log.warn({ err: error, folder: this.folder }, "a pod's folder could not be removed");
      });
      address?.release();
      this.machine.users.release(user);
    }
  }

  private async runContainer(
    control: WorkloadControl,
    folder: PodFolder,
    address: PodAddress,
  ): Promise<ContainerPhase> {
    const { pod, report, ending, forcing } = control;
    const started = await this.starts.run(async () => {
      if (ending.aborted) return undefined;
      const container = await this.start(pod, folder);
      const startedAt = this.clock.now();
      report({ container: { phase: 'running', startedAt } });
      const service = new ExecutorService(pod, container, address, this.clock, (isReady) => report({ isReady }));
      const turn = aborted(AbortSignal.timeout(START_TURN_MS));
      await Promise.race([service.start(), container.exited, aborted(ending), turn]);
      return { container, startedAt, service };
    });
    if (started === undefined) return LOST;
    const { container, startedAt, service } = started;
    await Promise.race([container.exited, service.failed, aborted(ending)]);
    if (isAborted(ending)) {
      container.terminate();
      await Promise.race([container.exited, aborted(forcing)]);
    }
    await Promise.all([this.end(container, pod), service.stop()]);
    const exitCode = await container.exited;
    if (exitCode !== 0 && !isAborted(ending)) await this.tellOutput(container, pod, exitCode);
    const state = terminated(exitCode, startedAt, this.clock.now());
    return service.problem === undefined ? state : { ...state, message: service.problem };
  }

  private start(pod: Pod, folder: PodFolder): Promise<Container> {
    const [spec] = pod.spec?.containers ?? [];
    const { name: hostname = '', uid = '' } = pod.metadata ?? {};
    return this.machine.isolation.start({
      id: `warmbox-${uid}`,
      hostname: hostname.slice(0, 63),
      argv: this.command,
      environment: { ...OPEN_FILES, HOSTNAME: hostname, ...(spec === undefined ? {} : environmentOf(spec)) },
      folder,
    });
  }

  /** Whatever is left of the container, also where its main process has ended by itself. */
  private async end(container: Container, pod: Pod): Promise<void> {
    try {
      await container.kill();
    } catch (error) {
      this.log.warn({ err: error, pod: pod.metadata?.name }, 'some processes of a pod could not be ended');
    }
  }

  private async tellOutput(container: Container, pod: Pod, exitCode: number): Promise<void> {
    const output = await container.output();
    this.log.warn({ pod: pod.metadata?.name, exitCode, output }, "a pod's container has ended by itself");
  }
}

function openFilesVariable(limit = Infinity): Record<string, string> {
  return limit === Infinity ? {} : { EXECUTOR_OPEN_FILES: String(Math.max(limit, LEAST_OPEN_FILES)) };
}
