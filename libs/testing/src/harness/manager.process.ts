import { join } from 'node:path';
import { freePort } from '../free.port.js';
import { Child } from './child.js';
import { WarmboxClient } from './warmbox.client.js';

export interface ManagerProcessOptions {
  /** The folder that `npm run build` filled. */
  dist: string;
  /** The kubeconfig of its cluster. */
  kubeconfig: string;
  apiKey: string;
  /** Further options, by variable. */
  environment?: Record<string, string>;
}

/** A manager as its own process: the bundle that ships, on a free port of the loopback interface. */
export class ManagerProcess {
  private constructor(
    readonly child: Child,
    readonly url: string,
    readonly client: WarmboxClient,
  ) {}

  static async start({ dist, kubeconfig, apiKey, environment = {} }: ManagerProcessOptions): Promise<ManagerProcess> {
    const port = await freePort();
    const child = Child.node(join(dist, 'manager', 'main.js'), {
      KUBECONFIG: kubeconfig,
      API_KEY: apiKey,
      PORT: String(port),
      HOST: '127.0.0.1',
      EXECUTOR_IMAGE: 'warmbox/executor:local',
      // Suites that are not about pools count what they made themselves.
      WARM_POOL_SIZE: '0',
      DRAIN_DELAY_SECONDS: '0',
      SHUTDOWN_GRACE_SECONDS: '0',
      ...environment,
    });
    const url = `http://127.0.0.1:${port}`;
    const manager = new ManagerProcess(child, url, new WarmboxClient(url, apiKey));
    try {
      await child.answers(`${url}/readyz`);
    } catch (error) {
      await child.end('SIGKILL');
      throw new Error(`the manager did not become ready; it printed:\n${child.output}`, { cause: error });
    }
    return manager;
  }
}
